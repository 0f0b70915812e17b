-- What was usual for the primary series when the minute was judged, and where a moment would have begun.
-- depends: 0001.core

ALTER TABLE chat_summary_minute
    ADD COLUMN baseline_level double precision,
    ADD COLUMN baseline_low double precision,
    ADD COLUMN baseline_high double precision;
