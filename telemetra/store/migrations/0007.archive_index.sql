-- Every event is searched for its place in this index: what tells streams apart comes first, and the workspace last, as it
-- is looked at only where stream and time are the same.
-- depends: 0001.core

DROP INDEX events_stream;
CREATE INDEX events_stream ON events (stream_id, timestamp, workspace_id);
