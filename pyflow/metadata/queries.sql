-- Named queries of metadata/sqlite.py. {where} stands for `column = :column` of what the caller asks for.

-- name: add_run
INSERT INTO runs (
    flow, run, status, username, created_at, finished_at, graph, error, origin, tags, system_tags, info, code, spin
)
VALUES (
    :flow, :run, :status, :username, :created_at, :finished_at, :graph, :error, :origin, :tags, :system_tags, :info,
    :code, :spin
);

-- name: end_run
UPDATE runs SET status = :status, finished_at = :at, error = :error WHERE flow = :flow AND run = :run;

-- name: add_task
INSERT INTO tasks (
    run_id, step, task, status, created_at, finished_at, foreach, inputs, iteration, attempt, foreach_count, choice, origin
)
VALUES (
    (SELECT id FROM runs WHERE flow = :flow AND run = :run),
    :step, :task, :status, :created_at, :finished_at, :foreach, :inputs, :iteration, :attempt,
    :foreach_count, :choice, :origin
)
ON CONFLICT (run_id, task) DO UPDATE
SET status = excluded.status, attempt = excluded.attempt, finished_at = excluded.finished_at;

-- name: add_attempt
INSERT INTO attempts (task_id, attempt, status, pid, started_at, finished_at, error, folder, warnings)
VALUES (
    (SELECT tasks.id FROM tasks JOIN runs ON runs.id = tasks.run_id
     WHERE runs.flow = :flow AND runs.run = :run AND tasks.task = :task),
    :attempt, :status, :pid, :started_at, :finished_at, :error, :folder, :warnings
);

-- name: set_pid
UPDATE attempts SET pid = :pid
WHERE attempt = :attempt AND task_id = (
    SELECT tasks.id FROM tasks JOIN runs ON runs.id = tasks.run_id
    WHERE runs.flow = :flow AND runs.run = :run AND tasks.task = :task
);

-- name: find_attempt
-- The attempt, its task, and the last attempt of its first input, whose artifacts it is likely to share.
SELECT attempts.id AS id, tasks.id AS task_id, (
    SELECT before.id FROM tasks AS input JOIN attempts AS before
    ON before.task_id = input.id AND before.attempt = input.attempt
    WHERE input.run_id = tasks.run_id AND input.task = json_extract(tasks.inputs, '$[0]')
) AS base
FROM runs JOIN tasks ON tasks.run_id = runs.id JOIN attempts ON attempts.task_id = tasks.id
WHERE runs.flow = :flow AND runs.run = :run AND tasks.task = :task AND attempts.attempt = :attempt;

-- name: artifacts_of_attempt
WITH RECURSIVE layers (attempt_id, depth) AS (
    SELECT :id, 0
    UNION ALL
    SELECT attempts.base, depth + 1 FROM layers JOIN attempts ON attempts.id = layers.attempt_id
    WHERE attempts.base IS NOT NULL
)
SELECT artifacts.name, blobs.digest, blobs.type, min(layers.depth)
FROM layers JOIN artifacts USING (attempt_id) LEFT JOIN blobs ON blobs.id = artifacts.blob_id
GROUP BY artifacts.name HAVING artifacts.blob_id IS NOT NULL;

-- name: end_attempt
UPDATE attempts
SET status = :status, finished_at = :at, error = :error, warnings = :warnings, base = :base WHERE id = :id;

-- name: end_task
UPDATE tasks SET status = :status, finished_at = :at, foreach_count = :foreach_count, choice = :choice
WHERE id = :task_id AND attempt = :attempt;

-- name: add_blob
INSERT INTO blobs (digest, kind, size, type, preview, number, text)
VALUES (:digest, :kind, :size, :type, :preview, :number, :text)
ON CONFLICT (digest, type) DO UPDATE SET number = excluded.number, text = excluded.text
WHERE number IS NULL AND text IS NULL AND NOT (excluded.number IS NULL AND excluded.text IS NULL);

-- name: add_artifact
INSERT INTO artifacts (attempt_id, name, blob_id, inherited)
VALUES (:id, :name, (SELECT id FROM blobs WHERE digest = :digest AND type = :type), :inherited);

-- name: flows
SELECT DISTINCT flow FROM runs
WHERE :tag IS NULL OR :tag IN (
    SELECT value FROM json_each(runs.tags) UNION ALL SELECT value FROM json_each(runs.system_tags)
)
ORDER BY flow;

-- name: runs
SELECT flow, run, status, username, created_at, finished_at, graph, error, origin, tags, system_tags, info, code, spin
FROM runs WHERE {where} AND (:spins OR spin IS NULL) ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: tasks
SELECT runs.flow, runs.run, tasks.step, tasks.task, tasks.status, tasks.created_at, tasks.finished_at,
    tasks.foreach, tasks.inputs, tasks.iteration, tasks.attempt, tasks.foreach_count, tasks.choice, tasks.origin,
    runs.status AS run_status
FROM runs JOIN tasks ON tasks.run_id = runs.id
WHERE {where} ORDER BY tasks.id;

-- name: attempts
SELECT runs.flow, runs.run, tasks.step, tasks.task, attempts.attempt, attempts.status, attempts.pid,
    attempts.started_at, attempts.finished_at, attempts.error, attempts.folder, attempts.warnings,
    runs.status AS run_status
FROM runs JOIN tasks ON tasks.run_id = runs.id JOIN attempts ON attempts.task_id = tasks.id
WHERE {where} ORDER BY tasks.id, attempts.attempt;

-- name: artifacts
-- Of each name the row nearest to the task counts; SQLite takes the other columns from the row with the minimum.
WITH RECURSIVE layers (task_id, flow, run, step, task, attempt, attempt_id, depth) AS (
    SELECT tasks.id, runs.flow, runs.run, tasks.step, tasks.task, attempts.attempt, attempts.id, 0
    FROM runs JOIN tasks ON tasks.run_id = runs.id
    JOIN attempts ON attempts.task_id = tasks.id AND attempts.attempt = coalesce(:attempt, tasks.attempt)
    WHERE {where}
    UNION ALL
    SELECT layers.task_id, flow, run, step, task, layers.attempt, attempts.base, depth + 1
    FROM layers JOIN attempts ON attempts.id = layers.attempt_id WHERE attempts.base IS NOT NULL
)
SELECT flow, run, step, task, layers.attempt, artifacts.name, blobs.digest, blobs.kind, blobs.size, blobs.type, blobs.preview,
    blobs.number, blobs.text, artifacts.inherited OR min(layers.depth) > 0 AS inherited
FROM layers JOIN artifacts USING (attempt_id) LEFT JOIN blobs ON blobs.id = artifacts.blob_id
WHERE :name IS NULL OR artifacts.name = :name
GROUP BY layers.task_id, artifacts.name HAVING artifacts.blob_id IS NOT NULL
ORDER BY layers.task_id, artifacts.name;

-- name: finished
SELECT runs.flow, runs.run, tasks.step, tasks.task, tasks.status, tasks.created_at, tasks.finished_at,
    tasks.foreach, tasks.inputs, tasks.iteration, tasks.attempt, tasks.foreach_count, tasks.choice, tasks.origin,
    attempts.id AS attempt_id
FROM runs JOIN tasks ON tasks.run_id = runs.id
JOIN attempts ON attempts.task_id = tasks.id AND attempts.attempt = tasks.attempt
WHERE runs.flow = :flow AND runs.run = :run AND tasks.status IN ('success', 'caught')
ORDER BY tasks.id;

-- name: finished_layers
-- The attempts whose rows make up what finished tasks have, and the rows; an attempt without rows of its own has one
-- without a name. UNION: an attempt that is the base of thousands comes once.
WITH RECURSIVE layers (id) AS (
    SELECT attempts.id
    FROM runs JOIN tasks ON tasks.run_id = runs.id
    JOIN attempts ON attempts.task_id = tasks.id AND attempts.attempt = tasks.attempt
    WHERE runs.flow = :flow AND runs.run = :run AND tasks.status IN ('success', 'caught')
    UNION
    SELECT attempts.base FROM layers JOIN attempts USING (id) WHERE attempts.base IS NOT NULL
)
SELECT attempts.id, attempts.base, artifacts.name, blobs.digest, blobs.kind, blobs.size, blobs.type, blobs.preview,
    blobs.number, blobs.text
FROM layers JOIN attempts USING (id) LEFT JOIN artifacts ON artifacts.attempt_id = attempts.id
LEFT JOIN blobs ON blobs.id = artifacts.blob_id
ORDER BY attempts.id, artifacts.name;

-- name: make_taken
-- task_id: of the new task. old: the attempt that it takes over.
CREATE TEMPORARY TABLE IF NOT EXISTS taken (task_id INTEGER PRIMARY KEY, old INTEGER NOT NULL UNIQUE);

-- name: clear_taken
DELETE FROM taken;

-- name: add_taken
INSERT INTO taken (task_id, old) VALUES (
    (SELECT tasks.id FROM tasks JOIN runs ON runs.id = tasks.run_id
     WHERE runs.flow = :flow AND runs.run = :run AND tasks.task = :task),
    (SELECT attempts.id FROM tasks JOIN runs ON runs.id = tasks.run_id
     JOIN attempts ON attempts.task_id = tasks.id AND attempts.attempt = tasks.attempt
     WHERE runs.flow = :flow AND runs.run = :origin_run AND tasks.task = :origin_task)
);

-- name: copy_attempts
INSERT INTO attempts (task_id, attempt, status, pid, started_at, finished_at, error, folder, warnings, base)
SELECT taken.task_id, 0, attempts.status, attempts.pid, attempts.started_at, attempts.finished_at, attempts.error,
    attempts.folder, attempts.warnings, attempts.base
FROM taken JOIN attempts ON attempts.id = taken.old ORDER BY taken.task_id;

-- name: move_bases
-- A base that was taken over too is the one in the new run, so that the runs do not depend on each other.
UPDATE attempts SET base = moved.id
FROM taken AS base JOIN attempts AS moved ON moved.task_id = base.task_id
WHERE base.old = attempts.base AND attempts.task_id IN (SELECT task_id FROM taken);

-- name: copy_artifacts
INSERT INTO artifacts (attempt_id, name, blob_id, inherited)
SELECT attempts.id, artifacts.name, artifacts.blob_id, artifacts.inherited
FROM taken JOIN attempts ON attempts.task_id = taken.task_id JOIN artifacts ON artifacts.attempt_id = taken.old;

-- name: change_tags
-- What is left of a run's tags, in their order, and then what is added.
UPDATE runs SET tags = (
    SELECT json_group_array(value) FROM (
        SELECT value FROM json_each(runs.tags) WHERE value NOT IN (SELECT value FROM json_each(:remove))
        AND value NOT IN (SELECT value FROM json_each(:add))
        UNION ALL SELECT value FROM json_each(:add)
    )
)
WHERE flow = :flow AND run = :run;

-- name: parents
SELECT runs.flow, runs.run, tasks.step, tasks.task, tasks.status, tasks.created_at, tasks.finished_at,
    tasks.foreach, tasks.inputs, tasks.iteration, tasks.attempt, tasks.foreach_count, tasks.choice, tasks.origin,
    runs.status AS run_status
FROM runs JOIN tasks AS child ON child.run_id = runs.id JOIN json_each(child.inputs) AS input
JOIN tasks ON tasks.run_id = runs.id AND tasks.task = input.value
WHERE runs.flow = :flow AND runs.run = :run AND child.task = :task AND tasks.step <> '_parameters' ORDER BY tasks.id;

-- name: children
SELECT runs.flow, runs.run, tasks.step, tasks.task, tasks.status, tasks.created_at, tasks.finished_at,
    tasks.foreach, tasks.inputs, tasks.iteration, tasks.attempt, tasks.foreach_count, tasks.choice, tasks.origin,
    runs.status AS run_status
FROM runs JOIN tasks ON tasks.run_id = runs.id
WHERE runs.flow = :flow AND runs.run = :run
AND EXISTS (SELECT 1 FROM json_each(tasks.inputs) WHERE value = :task) ORDER BY tasks.id;

-- Searches. The parts in braces are made by search.py: early are conditions on facts, late those that need the values of
-- artifacts; values, columns, joins are for these values.

-- name: find_runs
WITH RECURSIVE candidates (id, run_id) AS MATERIALIZED (
    SELECT runs.id, runs.id FROM runs WHERE (:spins OR runs.spin IS NULL) AND {early}
){values}
SELECT runs.flow, runs.run, runs.status, runs.username, runs.created_at, runs.finished_at, runs.graph, runs.error,
    runs.origin, runs.tags, runs.system_tags, runs.info, runs.code, runs.spin{columns}
FROM candidates JOIN runs ON runs.id = candidates.id
{joins}
WHERE {late} ORDER BY {order}runs.created_at DESC, runs.id DESC LIMIT :limit;

-- name: find_tasks
WITH RECURSIVE candidates (id, run_id) AS MATERIALIZED (
    SELECT tasks.id, runs.id FROM runs JOIN tasks ON tasks.run_id = runs.id
    WHERE (:spins OR runs.spin IS NULL) AND tasks.step <> '_parameters' AND {early}
){values}
SELECT runs.flow, runs.run, tasks.step, tasks.task, tasks.status, tasks.created_at, tasks.finished_at,
    tasks.foreach, tasks.inputs, tasks.iteration, tasks.attempt, tasks.foreach_count, tasks.choice, tasks.origin,
    runs.status AS run_status{columns}
FROM candidates JOIN tasks ON tasks.id = candidates.id JOIN runs ON runs.id = candidates.run_id
{joins}
WHERE {late} ORDER BY {order}runs.created_at DESC, runs.id DESC, tasks.id LIMIT :limit;

-- name: find_artifacts
SELECT runs.flow, runs.run, tasks.step, tasks.task, tasks.attempt, artifacts.name, blobs.digest, blobs.kind, blobs.size,
    blobs.type, blobs.preview, blobs.number, blobs.text, artifacts.inherited
FROM runs JOIN tasks ON tasks.run_id = runs.id
JOIN attempts ON attempts.task_id = tasks.id AND attempts.attempt = tasks.attempt
JOIN artifacts ON artifacts.attempt_id = attempts.id JOIN blobs ON blobs.id = artifacts.blob_id
WHERE (:spins OR runs.spin IS NULL) AND NOT artifacts.inherited AND {early}
ORDER BY {order}runs.created_at DESC, runs.id DESC, tasks.id, artifacts.name LIMIT :limit;

-- name: own_of_runs
SELECT candidates.id AS owner, attempts.id AS attempt_id, attempts.base
FROM candidates JOIN runs ON runs.id = candidates.id
JOIN tasks ON tasks.run_id = runs.id AND tasks.step = coalesce(json_extract(runs.graph, '$.end'), 'end')
JOIN attempts ON attempts.task_id = tasks.id AND attempts.attempt = tasks.attempt;

-- name: own_of_tasks
SELECT candidates.id AS owner, attempts.id AS attempt_id, attempts.base
FROM candidates JOIN tasks ON tasks.id = candidates.id
JOIN attempts ON attempts.task_id = tasks.id AND attempts.attempt = tasks.attempt;

-- name: of_step
SELECT wanted.run_id AS owner, attempts.id AS attempt_id, attempts.base
FROM (SELECT DISTINCT run_id FROM candidates) AS wanted
JOIN tasks ON tasks.run_id = wanted.run_id AND tasks.step = {step}
JOIN attempts ON attempts.task_id = tasks.id AND attempts.attempt = tasks.attempt;

-- name: value_layers
-- From an attempt down to the one that has a row of the name. A row without a blob ends the way, too.
{table}_layers (owner, base, found, blob_id) AS (
    SELECT owner, base, artifacts.name IS NOT NULL, artifacts.blob_id
    FROM ({start}) AS start
    LEFT JOIN artifacts ON artifacts.attempt_id = start.attempt_id AND artifacts.name = {name}
    UNION ALL
    SELECT layer.owner, attempts.base, artifacts.name IS NOT NULL, artifacts.blob_id
    FROM {table}_layers AS layer JOIN attempts ON attempts.id = layer.base
    LEFT JOIN artifacts ON artifacts.attempt_id = attempts.id AND artifacts.name = {name}
    WHERE NOT layer.found
), {table} (owner, number, text) AS MATERIALIZED (
    SELECT layer.owner, blobs.number, blobs.text
    FROM {table}_layers AS layer JOIN blobs ON blobs.id = layer.blob_id
);

-- name: value_of_step
{table} (owner, number, text) AS MATERIALIZED (
    SELECT candidates.id, given.number, given.text
    FROM {table}_given AS given JOIN candidates ON candidates.run_id = given.owner
);

-- name: value_own_or_given
{table} (owner, number, text) AS MATERIALIZED (
    SELECT owner, number, text FROM {table}_own
    UNION ALL
    SELECT candidates.id, given.number, given.text
    FROM {table}_given AS given JOIN candidates ON candidates.run_id = given.owner
    WHERE candidates.id NOT IN (SELECT owner FROM {table}_own)
);

-- name: value_joined
LEFT JOIN (
    SELECT owner, {best}(number) AS number, {best}(text) AS text FROM {table} GROUP BY owner
) AS of_{table} ON of_{table}.owner = candidates.id;

-- name: lineage_made
SELECT runs.flow, runs.run, tasks.step, tasks.task, tasks.status, tasks.created_at, tasks.finished_at,
    tasks.foreach, tasks.inputs, tasks.iteration, tasks.attempt, tasks.foreach_count, tasks.choice, tasks.origin,
    runs.status AS run_status, artifacts.name
FROM blobs JOIN artifacts ON artifacts.blob_id = blobs.id JOIN attempts ON attempts.id = artifacts.attempt_id
JOIN tasks ON tasks.id = attempts.task_id AND tasks.attempt = attempts.attempt JOIN runs ON runs.id = tasks.run_id
WHERE blobs.digest = :digest AND NOT artifacts.inherited AND tasks.origin IS NULL
ORDER BY tasks.created_at, tasks.id, artifacts.name;

-- name: lineage_read
-- holders: attempts that have it, by themselves or from their base. Who has a holder's task as an input has read it; a
-- parameter everybody in the run.
WITH RECURSIVE holders (attempt_id, name) AS (
    SELECT artifacts.attempt_id, artifacts.name
    FROM blobs JOIN artifacts ON artifacts.blob_id = blobs.id WHERE blobs.digest = :digest
    UNION
    SELECT attempts.id, holders.name
    FROM holders JOIN attempts ON attempts.base = holders.attempt_id
    WHERE NOT EXISTS (
        SELECT 1 FROM artifacts WHERE artifacts.attempt_id = attempts.id AND artifacts.name = holders.name
    )
), inputs (run_id, step, task, name) AS MATERIALIZED (
    SELECT tasks.run_id, tasks.step, tasks.task, holders.name
    FROM holders JOIN attempts ON attempts.id = holders.attempt_id
    JOIN tasks ON tasks.id = attempts.task_id AND tasks.attempt = attempts.attempt
), readers (task_id, name) AS (
    SELECT tasks.id, inputs.name
    FROM (SELECT DISTINCT run_id FROM inputs) AS wanted JOIN tasks ON tasks.run_id = wanted.run_id
    JOIN json_each(tasks.inputs) AS given JOIN inputs ON inputs.run_id = tasks.run_id AND inputs.task = given.value
    UNION
    SELECT tasks.id, inputs.name
    FROM inputs JOIN tasks ON tasks.run_id = inputs.run_id WHERE inputs.step = '_parameters'
)
SELECT runs.flow, runs.run, tasks.step, tasks.task, tasks.status, tasks.created_at, tasks.finished_at,
    tasks.foreach, tasks.inputs, tasks.iteration, tasks.attempt, tasks.foreach_count, tasks.choice, tasks.origin,
    runs.status AS run_status, readers.name
FROM readers JOIN tasks ON tasks.id = readers.task_id JOIN runs ON runs.id = tasks.run_id
WHERE tasks.step <> '_parameters' AND tasks.origin IS NULL
GROUP BY tasks.id, readers.name ORDER BY tasks.created_at, tasks.id, readers.name;

-- name: delete_run
DELETE FROM runs WHERE flow = :flow AND run = :run;

-- name: add_pin
INSERT INTO pins (path, digest, note, at) VALUES (:path, :digest, :note, :at)
ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, note = excluded.note, at = excluded.at;

-- name: remove_pin
DELETE FROM pins WHERE path = :path;

-- name: pins
SELECT path, digest, note, at FROM pins ORDER BY at, path;

-- name: forget_blobs
DELETE FROM blobs WHERE NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.blob_id = blobs.id);

-- name: referenced
SELECT DISTINCT digest FROM blobs JOIN artifacts ON artifacts.blob_id = blobs.id
UNION SELECT json_extract(code, '$.digest') FROM runs WHERE code IS NOT NULL
UNION SELECT digest FROM pins WHERE digest IS NOT NULL;

-- name: space
-- owned: which artifacts have a blob as their own.
WITH owned AS (
    SELECT runs.flow, tasks.step, artifacts.name, blobs.digest, blobs.size
    FROM artifacts JOIN blobs ON blobs.id = artifacts.blob_id JOIN attempts ON attempts.id = artifacts.attempt_id
    JOIN tasks ON tasks.id = attempts.task_id JOIN runs ON runs.id = tasks.run_id
    WHERE NOT artifacts.inherited
), owners AS (
    SELECT digest, count(DISTINCT flow || '/' || step || '/' || name) AS owners FROM owned GROUP BY digest
), each AS (
    SELECT flow, step, name, digest, max(size) AS size, count(*) AS uses FROM owned GROUP BY flow, step, name, digest
)
SELECT flow, step, name, sum(uses) AS "values", count(*) AS blobs, sum(size) AS size,
    sum(CASE WHEN owners > 1 THEN size ELSE 0 END) AS shared
FROM each JOIN owners USING (digest) GROUP BY flow, step, name ORDER BY size DESC, flow, step, name;
