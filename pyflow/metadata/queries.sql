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
INSERT INTO blobs (digest, kind, size, type, preview) VALUES (:digest, :kind, :size, :type, :preview)
ON CONFLICT (digest, type) DO NOTHING;

-- name: add_artifact
INSERT INTO artifacts (attempt_id, name, blob_id, inherited)
VALUES (:id, :name, (SELECT id FROM blobs WHERE digest = :digest AND type = :type), :inherited);

-- name: flows
SELECT DISTINCT flow FROM runs ORDER BY flow;

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
    SELECT tasks.id, runs.flow, runs.run, tasks.step, tasks.task, tasks.attempt, attempts.id, 0
    FROM runs JOIN tasks ON tasks.run_id = runs.id
    JOIN attempts ON attempts.task_id = tasks.id AND attempts.attempt = tasks.attempt
    WHERE {where}
    UNION ALL
    SELECT layers.task_id, flow, run, step, task, layers.attempt, attempts.base, depth + 1
    FROM layers JOIN attempts ON attempts.id = layers.attempt_id WHERE attempts.base IS NOT NULL
)
SELECT flow, run, step, task, layers.attempt, artifacts.name, blobs.digest, blobs.kind, blobs.size, blobs.type, blobs.preview,
    artifacts.inherited OR min(layers.depth) > 0 AS inherited
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
SELECT attempts.id, attempts.base, artifacts.name, blobs.digest, blobs.kind, blobs.size, blobs.type, blobs.preview
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
