-- What a session makes at its start, after the run is attached as `evidence`, beside the tables of the events; and what
-- it asks before it records something.

-- name: tables
-- What counts of what people said. Much is asked of it after each event, so it is read once then, by `take_live`.
ALTER VIEW live RENAME TO live_of_events;
CREATE TABLE live AS SELECT * FROM live_of_events LIMIT 0;
-- What the run put into the queue: flagged examples within the budget, random controls, known-answer items.
CREATE TABLE queued AS
WITH flagged AS (
    SELECT f.ref, f.ref_key, min(f.rank) AS rank, list(DISTINCT f.reason ORDER BY f.reason) FILTER (NOT f.control) AS reasons,
           bool_or(f.control) AS control
    FROM evidence.flag f WHERE f.rank IS NOT NULL GROUP BY f.ref, f.ref_key),
-- Tracks rank apart: one order over all of them.
placed AS (SELECT * REPLACE (row_number() OVER (ORDER BY rank, ref) AS rank) FROM flagged)
SELECT ref, ref_key, rank, coalesce(reasons, []) AS reasons, control, false AS known FROM placed
UNION ALL
SELECT k.ref, k.ref_key, (SELECT count(*) FROM placed) + row_number() OVER (ORDER BY k.ref), [], false, true
FROM evidence.known_answer k;
-- The queue of one reviewer as it stands: what must be judged first, in an order drawn for the reviewer, then what is
-- worth a look, by rank.
CREATE TABLE deciding (ref VARCHAR NOT NULL, ref_key INTEGER NOT NULL);
CREATE TABLE was_deciding (ref VARCHAR NOT NULL, ref_key INTEGER NOT NULL);
CREATE TABLE queue (
    ref VARCHAR NOT NULL, ref_key INTEGER NOT NULL, rank BIGINT, reasons VARCHAR[] NOT NULL, control BOOLEAN NOT NULL, known BOOLEAN NOT NULL,
    part VARCHAR NOT NULL, place BIGINT NOT NULL);
-- The slices of all that was ever in the queue.
CREATE TABLE queue_slice (ref_key INTEGER NOT NULL, track VARCHAR NOT NULL, slice VARCHAR NOT NULL);
-- The numbers of examples of which something was said.
CREATE TABLE keyed (ref VARCHAR NOT NULL, ref_key INTEGER NOT NULL);
-- Whom an example needs to be shown no more.
CREATE TABLE answered (ref VARCHAR NOT NULL, actor VARCHAR NOT NULL);
CREATE TABLE due_again (ref VARCHAR NOT NULL, actor VARCHAR NOT NULL);
-- Slices that a gate may ask verdicts for, or fail on: critical ones, those that lost a twentieth or more, and those
-- that lost more than one standard deviation of chance, which is far less than any test asks.
CREATE TABLE judged_slice AS
SELECT track, slice FROM evidence.slice WHERE critical
UNION
SELECT track, slice FROM (
    SELECT m.track, m.slice, sum(CASE m.name WHEN 'broken' THEN m.value ELSE -m.value END) AS net, sum(m.value) AS changed,
           max(m.n) AS n
    FROM evidence.metric m JOIN evidence.slice s USING (track, slice)
    WHERE m.name IN ('broken', 'fixed') AND m.side = 'difference' AND s.kind NOT IN ('all', 'discovered')
    GROUP BY m.track, m.slice)
WHERE net >= 0.05 * n OR (net > 0 AND net * net > changed);
CREATE TABLE contested_now AS SELECT * FROM evidence.contested LIMIT 0;
CREATE TABLE critical AS
WITH c AS (
    -- Of the few sets of slices, and not of every example.
    SELECT m.slice_set, list(m.slice ORDER BY m.slice) AS slices
    FROM evidence.slice_set m JOIN evidence.slice s ON s.slice = m.slice AND s.track = m.track
    WHERE s.critical GROUP BY m.slice_set)
SELECT p.ref, p.ref_key, c.slices FROM evidence.packed p JOIN c USING (slice_set);
CREATE TABLE verdict_now AS SELECT * FROM verdict_of('');

-- name: is_searchable
SELECT 1 FROM duckdb_functions() WHERE function_name = 'search_form'

-- name: titled_tables
-- Tables of the evidence that know titles of examples.
SELECT table_name FROM duckdb_columns()
WHERE database_name = 'evidence' AND column_name IN ('ref', 'title') AND data_type = 'VARCHAR'
GROUP BY table_name HAVING count(*) = 2 ORDER BY table_name

-- name: no_titles
SELECT NULL::INTEGER AS ref_key, NULL::VARCHAR AS title WHERE false

-- name: critical_slices
SELECT slices FROM critical WHERE ref = $ref

-- name: known_answer
SELECT track, ref, "true", wrong, does FROM evidence.known_answer WHERE ref = $ref

-- name: answered_known
SELECT given FROM known_answer_of($run) WHERE ref = $ref AND actor = $actor

-- name: due_again
SELECT ref FROM due_again WHERE ref = $ref AND actor = $actor

-- name: spans
SELECT count(*) FROM evidence.span
WHERE ref = $ref AND side = $side AND detector = $detector AND start = $start AND "end" = $end

-- name: standing_whatif
SELECT event_id FROM live WHERE kind = 'whatif' AND event_id = $event_id

-- name: last_said
-- What this reviewer recorded last in this run, and was not taken back.
SELECT event_id, kind, ref, body FROM live
WHERE actor = $actor AND reviewer = $reviewer AND run = $run AND list_contains($kinds::VARCHAR[], kind)
ORDER BY lamport DESC, stream_id DESC, seq DESC LIMIT 1

-- name: last_undone
-- What this reviewer took back last in this run, unless something was recorded since.
WITH own AS (SELECT * FROM heard WHERE actor = $actor AND reviewer = $reviewer AND run = $run),
new AS (SELECT max((lamport, stream_id, seq)) AS last FROM own WHERE list_contains($kinds::VARCHAR[], kind))
SELECT e.event_id, e.kind, e.ref, e.body
FROM own u JOIN undone d ON d.event_id = u.target JOIN event e ON e.event_id = u.target, new
WHERE u.kind = 'undo' AND (u.lamport, u.stream_id, u.seq) > new.last
ORDER BY u.lamport DESC, u.stream_id DESC, u.seq DESC LIMIT 1

-- name: told
-- What an event says, in a word or a sentence.
SELECT coalesce(CASE WHEN $body::JSON ->> '$.candidate' IS NOT NULL
                     THEN spoken($body::JSON ->> '$.base', $body::JSON ->> '$.candidate') END, $body::JSON ->> '$.key', $body::JSON ->> '$.text',
                $body::JSON ->> '$.cause', $body::JSON ->> '$.note', '')
