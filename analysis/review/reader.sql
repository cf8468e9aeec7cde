-- What a reader asks of its run and of the events.

-- name: reviewers
SELECT DISTINCT reviewer FROM verdict_now ORDER BY reviewer

-- name: disagreements
SELECT ref FROM disagreement_of($run) ORDER BY ref

-- name: earlier_verdicts
-- Verdicts given in other runs, on evidence that this run does not show.
SELECT count(*) FROM live l
WHERE kind = 'verdict' AND run <> $run AND NOT EXISTS (
    SELECT 1 FROM shown s WHERE s.ref = l.ref AND s.sha256 = (l.body ->> '$.evidence_sha256'))

-- name: examples
SELECT count(*) FROM evidence.example WHERE kind <> 'variant'

-- name: merged_journals
SELECT count(DISTINCT stream_id) FROM event WHERE merged

-- name: named
SELECT ref FROM evidence.example WHERE ref = $text OR id = $text
ORDER BY ref = $text DESC, kind = 'variant', ref LIMIT 6

-- name: nearest
SELECT ref FROM evidence.example WHERE kind <> 'variant' ORDER BY levenshtein(id, $text), ref LIMIT 3

-- name: queued
SELECT count(*) FROM queue

-- name: seen
SELECT count(*) FROM queue WHERE ref IN (SELECT ref FROM verdict_now WHERE actor = $actor)

-- name: inspected
-- Queued examples with verdicts of as many accounts as are required.
SELECT count(*) FROM (
    SELECT q.ref FROM queue q JOIN verdict_now v ON v.ref = q.ref
    GROUP BY q.ref HAVING count(DISTINCT v.actor) >= $required)

-- name: judged_elsewhere
SELECT DISTINCT ref FROM event WHERE ref IS NOT NULL AND run <> $run ORDER BY ref

-- name: forget_verdicts
DELETE FROM verdict_now

-- name: take_verdicts
INSERT INTO verdict_now BY NAME SELECT * FROM verdict_of($run)
