-- States are written every few seconds and hardly ever read: compressing them took half of the time of writing them.
-- depends: 0001.core

ALTER TABLE stream_state ALTER COLUMN state SET STORAGE EXTERNAL, ALTER COLUMN detectors SET STORAGE EXTERNAL;
