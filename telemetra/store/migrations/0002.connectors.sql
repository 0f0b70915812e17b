-- Connectors (SPEC 3 and 6): what is declared, how it runs, what it missed, and the seeds' views of what it fetched.

CREATE TABLE api_connectors (
    connector_id text PRIMARY KEY,
    workspace_id text NOT NULL,
    name text NOT NULL,
    api_url text NOT NULL,
    http_method text NOT NULL,
    headers_encrypted bytea,
    query_params_encrypted bytea,
    auth_type text NOT NULL,
    credentials_encrypted bytea,
    body jsonb,
    subscribe_messages jsonb NOT NULL DEFAULT '[]',
    polling_interval integer NOT NULL, -- milliseconds
    protocol_type text NOT NULL CHECK (protocol_type IN ('REST', 'WebSocket')),
    exchange_name text NOT NULL,
    options jsonb NOT NULL DEFAULT '{}', -- what else was declared; nothing secret
    desired_state text NOT NULL DEFAULT 'stopped' CHECK (desired_state IN ('running', 'stopped')),
    status text NOT NULL DEFAULT 'inactive'
        CHECK (status IN ('inactive', 'starting', 'running', 'reconnecting', 'stopped', 'error')),
    revision bigint NOT NULL DEFAULT 1, -- grows with every change of the declaration: its owner begins anew
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX api_connectors_workspace ON api_connectors (workspace_id, created_at DESC);

-- One row per connector. The lease (owner, lease_expires_at by the clock of the database) says which process runs it.
CREATE TABLE connector_status (
    connector_id text PRIMARY KEY REFERENCES api_connectors ON DELETE CASCADE,
    workspace_id text NOT NULL,
    status text NOT NULL DEFAULT 'inactive',
    stale boolean NOT NULL DEFAULT false,
    session_id text,
    started_at timestamptz,
    last_message_timestamp timestamptz, -- arrival of the newest message with data
    last_event_timestamp timestamptz, -- event time of the newest event
    message_count bigint NOT NULL DEFAULT 0,
    error_log jsonb NOT NULL DEFAULT '[]', -- the newest errors, bounded
    reconnect_attempts integer NOT NULL DEFAULT 0,
    last_error text,
    performance_metrics jsonb NOT NULL DEFAULT '{}',
    owner text,
    lease_epoch bigint NOT NULL DEFAULT 0,
    lease_expires_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Which streams a connector has fed: a gap or a silence of the connector is one of these.
CREATE TABLE connector_streams (
    workspace_id text NOT NULL,
    stream_id text NOT NULL,
    connector_id text NOT NULL REFERENCES api_connectors ON DELETE CASCADE,
    PRIMARY KEY (workspace_id, stream_id, connector_id)
);
CREATE INDEX connector_streams_connector ON connector_streams (connector_id);

-- "from" and "to" are event times, both inclusive; "to" is null while the gap lasts. A gap without a stream is one of
-- all streams of its connector.
ALTER TABLE gaps
    ADD COLUMN detected_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN missing bigint, -- how many messages, where their numbers tell
    ADD COLUMN details jsonb NOT NULL DEFAULT '{}';
CREATE INDEX gaps_unfilled ON gaps (workspace_id) WHERE filled_at IS NULL;
CREATE INDEX gaps_stream ON gaps (workspace_id, stream_id, "from" DESC) WHERE stream_id IS NOT NULL;
CREATE INDEX gaps_connector ON gaps (connector_id, "from" DESC) WHERE connector_id IS NOT NULL;

-- What a connector has handed in, summed over some seconds.
CREATE TABLE websocket_batches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id text NOT NULL,
    connector_id text NOT NULL,
    timestamp timestamptz NOT NULL DEFAULT clock_timestamp(),
    exchange text NOT NULL,
    total_messages bigint NOT NULL,
    messages_per_second double precision NOT NULL,
    instruments text[] NOT NULL,
    first_offset bigint,
    last_offset bigint,
    metrics jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX websocket_batches_time ON websocket_batches (timestamp DESC, exchange);
CREATE INDEX websocket_batches_connector ON websocket_batches (connector_id, timestamp DESC);

-- The source of an event is its exchange. Only what came with a session is a message of a feed.
CREATE INDEX events_connector ON events (connector_id, timestamp DESC) WHERE connector_id IS NOT NULL;
CREATE INDEX events_feed_time ON events (timestamp DESC, source) WHERE session_id IS NOT NULL;
CREATE INDEX events_feed_instrument ON events ((coalesce(data ->> 'instrument', stream_id)), timestamp DESC)
    WHERE session_id IS NOT NULL;
CREATE INDEX events_feed_exchange ON events (source, (coalesce(data ->> 'instrument', stream_id)), timestamp DESC)
    WHERE session_id IS NOT NULL;

-- A price of any kind of event as a number; what is no number has none, and never fails a query.
CREATE FUNCTION feed_price(data jsonb) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN given ~ '^-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?$' THEN given::numeric END
    FROM (SELECT coalesce(data ->> 'price', data ->> 'last') AS given) AS found
$$;

-- The sessions of WebSocket connectors, and of browsers that save what they see, begin with "ws".
CREATE VIEW websocket_messages AS
    SELECT log_offset AS id, workspace_id, timestamp, source AS exchange,
        coalesce(data ->> 'instrument', stream_id) AS instrument, feed_price(data) AS price,
        coalesce(data -> 'raw', data -> 'payload', data) AS data,
        coalesce(data ->> 'message_type', type) AS message_type,
        event_id AS source_id, session_id, connector_id, received_at AS db_timestamp, received_at AS created_at, stream_id
    FROM events WHERE session_id IS NOT NULL AND session_id LIKE 'ws%';

-- Everything that a connector fetched, whatever its protocol.
CREATE VIEW api_connector_data AS
    SELECT log_offset AS id, workspace_id, connector_id, timestamp, source AS exchange,
        coalesce(data ->> 'instrument', stream_id) AS instrument, feed_price(data) AS price,
        data - 'raw' AS data, coalesce(data -> 'raw', data -> 'payload') AS raw_response,
        coalesce(data ->> 'message_type', type) AS message_type,
        event_id AS source_id, session_id, received_at AS db_timestamp, received_at AS created_at, stream_id
    FROM events WHERE connector_id IS NOT NULL;
