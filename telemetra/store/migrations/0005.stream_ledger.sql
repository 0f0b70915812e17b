-- What of a stream's events was not counted, by minute of arrival. Only minutes with such events have a row, so a stream
-- whose sender repeats nothing costs nothing. No foreign key: the first event of a stream that never begins may be a
-- duplicate (a transaction that another stream has had).
-- depends: 0001.core

CREATE TABLE stream_ledger_minute (
    workspace_id text NOT NULL,
    stream_id text NOT NULL,
    minute timestamptz NOT NULL,
    duplicate bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, stream_id, minute)
);

-- The archive knows the late events of before (so recompute may take them out again), of duplicates only the sources' ledger.
INSERT INTO stream_ledger_minute (workspace_id, stream_id, minute, late)
    SELECT workspace_id, stream_id, date_trunc('minute', received_at, 'UTC'), count(*) FROM events
    WHERE disposition = 'late' GROUP BY 1, 2, 3;
