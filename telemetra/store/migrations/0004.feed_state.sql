-- Whether a stream that connectors feed should speak and does not: all connectors that are wanted to run for it are
-- silent beyond their limit, not connected, in a gap that still lasts, or without a living owner.
CREATE VIEW stream_feeds AS
    SELECT fed.workspace_id, fed.stream_id,
        bool_and(
            status.stale OR status.status <> 'running' OR status.owner IS NULL
            OR status.lease_expires_at < clock_timestamp()
            OR EXISTS (
                SELECT 1 FROM gaps
                WHERE gaps.connector_id = fed.connector_id AND "to" IS NULL AND filled_at IS NULL
            )
        ) AS stale
    FROM connector_streams AS fed
    JOIN api_connectors AS declared USING (connector_id)
    JOIN connector_status AS status USING (connector_id)
    WHERE declared.desired_state = 'running'
    GROUP BY fed.workspace_id, fed.stream_id;
