-- What a back-fill has made of a gap, so that one which was broken off or failed is tried again after a restart.
-- backfill: none (nothing to ask, or not yet), waiting, incomplete, failed, late (fetched, but minutes were final before).
ALTER TABLE gaps
    ADD COLUMN backfill text NOT NULL DEFAULT 'none'
        CHECK (backfill IN ('none', 'waiting', 'incomplete', 'failed', 'late', 'filled')),
    ADD COLUMN attempts integer NOT NULL DEFAULT 0; -- runs of the connector that have tried to fill it
CREATE INDEX gaps_to_fill ON gaps (connector_id, detected_at)
    WHERE filled_at IS NULL AND backfill IN ('waiting', 'incomplete', 'failed');

-- What a stream's messages call its instrument, and the revision of the connector that fed it last: after a restart a
-- back-fill asks for the streams that its declaration feeds.
ALTER TABLE connector_streams
    ADD COLUMN instrument text,
    ADD COLUMN revision bigint NOT NULL DEFAULT 0;
