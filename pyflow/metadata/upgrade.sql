-- Makes a database of version 2 (schema.sql) of one of version 1. Statements end with a semicolon at the end of a line.

ALTER TABLE blobs ADD COLUMN number ANY;

ALTER TABLE blobs ADD COLUMN text TEXT;

-- The previews of Python's own numbers and bools are exact; texts are found again when they are stored again.
UPDATE blobs SET number = CAST(preview AS INTEGER)
WHERE kind = 'scalar' AND type = 'int' AND preview = CAST(CAST(preview AS INTEGER) AS TEXT);

UPDATE blobs SET number = CAST(preview AS REAL)
WHERE kind = 'scalar' AND type = 'float' AND preview NOT IN ('nan', 'inf', '-inf');

UPDATE blobs SET number = preview = 'True', text = lower(preview)
WHERE kind = 'scalar' AND type = 'bool' AND preview IN ('True', 'False');

CREATE INDEX IF NOT EXISTS artifacts_by_blob ON artifacts (blob_id);

CREATE INDEX IF NOT EXISTS attempts_by_base ON attempts (base);

-- What people want kept: a run (without a digest) or an artifact's blob.
CREATE TABLE IF NOT EXISTS pins (
    path TEXT PRIMARY KEY,
    digest TEXT,
    note TEXT NOT NULL,
    at REAL NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;
