-- How far a polled source was read: in step with what is durable, so that a restart goes on there.
-- position: {revision, cursor or until}; it counts while its revision is not older than asks_since, the revision in
-- which the connector last began to ask for something else.
ALTER TABLE connector_status ADD COLUMN position jsonb;
ALTER TABLE api_connectors ADD COLUMN asks_since bigint NOT NULL DEFAULT 1;
