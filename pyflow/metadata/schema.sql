-- Version 2 (upgrade.sql makes it of version 1). Statements end with a semicolon at the end of a line.
-- Rows refer to each other by integers: an artifact's row is a few bytes, whatever the length of run ids and digests.

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    flow TEXT NOT NULL,
    run TEXT NOT NULL,
    status TEXT NOT NULL,
    username TEXT NOT NULL,
    created_at REAL NOT NULL,
    finished_at REAL,
    graph TEXT NOT NULL,
    error TEXT,
    origin TEXT,
    tags TEXT NOT NULL,
    system_tags TEXT NOT NULL,
    info TEXT NOT NULL,
    code TEXT,
    spin TEXT,
    UNIQUE (flow, run)
) STRICT;

CREATE INDEX runs_by_flow ON runs (flow, created_at, id);

CREATE INDEX runs_by_time ON runs (created_at, id);

-- Ids grow in the order in which tasks are made.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    task TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    finished_at REAL,
    foreach TEXT NOT NULL,
    inputs TEXT NOT NULL,
    iteration TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    foreach_count INTEGER,
    choice TEXT,
    origin TEXT,
    UNIQUE (run_id, task)
) STRICT;

CREATE INDEX tasks_by_step ON tasks (run_id, step, id);

-- base: the attempt whose artifacts this one has too, except for the names in its own rows of `artifacts`.
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    status TEXT NOT NULL,
    pid INTEGER,
    started_at REAL NOT NULL,
    finished_at REAL,
    error TEXT,
    folder TEXT NOT NULL,
    warnings TEXT NOT NULL,
    base INTEGER REFERENCES attempts (id),
    UNIQUE (task_id, attempt)
) STRICT;

-- One digest may have two types, where two languages name the type of equal bytes differently.
-- number, text: the value where it is a scalar, so that a search opens no blob. A bool has both: 1 and 'true', 0 and
-- 'false'.
CREATE TABLE blobs (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    type TEXT NOT NULL,
    preview TEXT NOT NULL,
    number ANY,
    text TEXT,
    UNIQUE (digest, type)
) STRICT;

-- blob_id null: the base has the name, this attempt does not.
CREATE TABLE artifacts (
    attempt_id INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    blob_id INTEGER REFERENCES blobs (id),
    inherited INTEGER NOT NULL,
    PRIMARY KEY (attempt_id, name)
) STRICT, WITHOUT ROWID;

-- Who has a blob; whose base an attempt is. What is deleted is looked for here, too.
CREATE INDEX artifacts_by_blob ON artifacts (blob_id);

CREATE INDEX attempts_by_base ON attempts (base);

-- What people want kept: a run (without a digest) or an artifact's blob.
CREATE TABLE IF NOT EXISTS pins (
    path TEXT PRIMARY KEY,
    digest TEXT,
    note TEXT NOT NULL,
    at REAL NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;
