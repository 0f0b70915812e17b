-- The core tables (SPEC 3 and 4). Every table carries workspace_id; all times are timestamptz.

CREATE TABLE log_head (
    partition integer PRIMARY KEY,
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    next bigint NOT NULL DEFAULT 0,
    first bigint NOT NULL DEFAULT 0
);

-- One record per group commit. Offsets [next_offset - items, next_offset) are its items.
CREATE TABLE log_records (
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    items integer NOT NULL CHECK (items > 0),
    appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    payload bytea NOT NULL,
    PRIMARY KEY (partition, next_offset)
);
ALTER TABLE log_records ALTER COLUMN payload SET STORAGE EXTERNAL; -- compressed by the writer already

CREATE TABLE pipeline_offsets (
    partition integer PRIMARY KEY,
    applied bigint NOT NULL DEFAULT 0,
    needs bigint NOT NULL DEFAULT 0,
    owner_epoch bigint NOT NULL DEFAULT 0,
    owner text,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    recomputed_at timestamptz, -- the last time that minutes were written by others than the owner
    CHECK (needs <= applied)
);

INSERT INTO log_head (partition) VALUES (0);
INSERT INTO pipeline_offsets (partition) VALUES (0);

CREATE TABLE streams (
    workspace_id text NOT NULL,
    stream_id text NOT NULL,
    kind text NOT NULL,
    streamer_name text NOT NULL,
    title text,
    game_category text,
    description text,
    started_at timestamptz,
    ended_at timestamptz,
    is_live boolean NOT NULL DEFAULT true,
    last_event_at timestamptz NOT NULL,
    viewer_count bigint,
    viewer_count_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (workspace_id, stream_id)
);
CREATE INDEX streams_started ON streams (workspace_id, started_at DESC);

CREATE TABLE stream_state (
    workspace_id text NOT NULL,
    stream_id text NOT NULL,
    final_until timestamptz NOT NULL,
    watermark timestamptz NOT NULL,
    observed_until timestamptz NOT NULL,
    state bytea NOT NULL, -- the StreamState, MessagePack, without
    detectors bytea, -- the state of its detectors, which changes once a hop and not with every event
    PRIMARY KEY (workspace_id, stream_id),
    FOREIGN KEY (workspace_id, stream_id) REFERENCES streams ON DELETE CASCADE
);

-- The archive. Partitions by day of received_at are made ahead by the program (store/archive.py).
CREATE TABLE events (
    workspace_id text NOT NULL,
    stream_id text NOT NULL,
    partition integer NOT NULL,
    log_offset bigint NOT NULL,
    disposition text NOT NULL CHECK (disposition IN ('counted', 'late')),
    event_id text NOT NULL,
    type text NOT NULL,
    timestamp timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    source text NOT NULL,
    connector_id text,
    session_id text,
    correlation_id text,
    data jsonb NOT NULL,
    UNIQUE (partition, log_offset, received_at)
) PARTITION BY RANGE (received_at);
CREATE INDEX events_stream ON events (workspace_id, stream_id, timestamp);

CREATE TABLE chat_summary_minute (
    workspace_id text NOT NULL,
    stream_id text NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    event_count bigint NOT NULL, -- all counted events of the minute, whatever their type
    chat_count bigint NOT NULL,
    shared_count bigint NOT NULL,
    unique_chatters bigint NOT NULL,
    top_emotes jsonb NOT NULL,
    avg_sentiment double precision,
    positive_count bigint NOT NULL,
    negative_count bigint NOT NULL,
    chat_rate double precision NOT NULL,
    avg_viewers double precision,
    viewer_count bigint NOT NULL,
    viewers_known boolean NOT NULL,
    revenue numeric NOT NULL,
    revenue_by_currency jsonb NOT NULL,
    z_score double precision,
    is_anomaly boolean NOT NULL DEFAULT false,
    suspect boolean NOT NULL DEFAULT false,
    processed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (workspace_id, stream_id, window_start),
    FOREIGN KEY (workspace_id, stream_id) REFERENCES streams ON DELETE CASCADE
);

CREATE TABLE viewer_timeseries (
    workspace_id text NOT NULL,
    stream_id text NOT NULL,
    timestamp timestamptz NOT NULL,
    viewer_count bigint NOT NULL,
    unique_viewers bigint,
    PRIMARY KEY (workspace_id, stream_id, timestamp),
    FOREIGN KEY (workspace_id, stream_id) REFERENCES streams ON DELETE CASCADE
);

-- partition and log_offset name the event that made the row: a rebuild must judge repeats as the first run did.
CREATE TABLE transactions (
    workspace_id text NOT NULL,
    transaction_id text NOT NULL,
    stream_id text NOT NULL,
    user_id text,
    username text,
    amount numeric NOT NULL,
    currency text NOT NULL,
    transaction_type text NOT NULL,
    timestamp timestamptz NOT NULL,
    partition integer NOT NULL,
    log_offset bigint NOT NULL,
    PRIMARY KEY (workspace_id, transaction_id),
    FOREIGN KEY (workspace_id, stream_id) REFERENCES streams ON DELETE CASCADE
);
CREATE INDEX transactions_stream ON transactions (workspace_id, stream_id, timestamp DESC);

CREATE TABLE moments (
    moment_id uuid PRIMARY KEY,
    version integer NOT NULL,
    workspace_id text NOT NULL,
    stream_id text NOT NULL,
    partition integer NOT NULL DEFAULT 0,
    emitted_offset bigint NOT NULL,
    timestamp timestamptz NOT NULL,
    ended_at timestamptz,
    moment_type text NOT NULL,
    description text NOT NULL,
    metric_name text NOT NULL,
    metric_value double precision NOT NULL,
    threshold double precision,
    z_score double precision,
    severity double precision NOT NULL,
    metadata jsonb NOT NULL,
    emitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (workspace_id, stream_id) REFERENCES streams ON DELETE CASCADE
);
CREATE INDEX moments_stream ON moments (workspace_id, stream_id, timestamp DESC);
CREATE INDEX moments_emitted ON moments (emitted_at);

-- Overrides of the settings of detection; stream_id '' stands for the whole workspace. Streams may be set ahead of time.
CREATE TABLE moment_settings (
    workspace_id text NOT NULL,
    stream_id text NOT NULL,
    overrides jsonb NOT NULL CHECK (jsonb_typeof(overrides) = 'object'),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (workspace_id, stream_id)
);

-- One row: raised with every change of moment_settings, so that the pipeline learns of it by reading one number.
CREATE TABLE moment_settings_revision (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    revision bigint NOT NULL DEFAULT 0
);
INSERT INTO moment_settings_revision DEFAULT VALUES;

CREATE TABLE ledger_minute (
    workspace_id text NOT NULL,
    source text NOT NULL,
    minute timestamptz NOT NULL,
    counted bigint NOT NULL DEFAULT 0,
    duplicate bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    dead bigint NOT NULL DEFAULT 0,
    received bigint GENERATED ALWAYS AS (counted + duplicate + late + rejected + dead) STORED,
    PRIMARY KEY (workspace_id, minute, source)
);

CREATE TABLE dead_letters (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id text NOT NULL,
    partition integer NOT NULL,
    log_offset bigint NOT NULL,
    disposition text NOT NULL CHECK (disposition IN ('rejected', 'dead')),
    source text NOT NULL,
    code text NOT NULL,
    detail text NOT NULL,
    raw bytea NOT NULL,
    received_at timestamptz NOT NULL,
    correlation_id text,
    redriven_at timestamptz,
    UNIQUE (partition, log_offset)
);
CREATE INDEX dead_letters_recent ON dead_letters (workspace_id, received_at DESC);

CREATE TABLE gaps (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id text NOT NULL,
    stream_id text,
    connector_id text,
    "from" timestamptz NOT NULL,
    "to" timestamptz,
    reason text NOT NULL,
    filled_at timestamptz
);
