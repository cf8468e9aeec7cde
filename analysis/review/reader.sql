-- What a reader asks of its run and of the events.

-- name: reviewers
SELECT DISTINCT actor, reviewer FROM verdict_now ORDER BY ALL

-- name: earlier_verdicts
-- Verdicts given in other runs, on evidence that this run does not show.
SELECT count(*) FROM live l
WHERE kind = 'verdict' AND run <> $run AND NOT EXISTS (
    SELECT 1 FROM shown s WHERE s.ref = l.ref AND s.sha256 = (l.body ->> '$.evidence_sha256'))

-- name: decided_on
SELECT DISTINCT body ->> '$.evidence_sha256', actor, reviewer FROM heard
WHERE kind = 'decision' AND run = $run AND (body ->> '$.evidence_sha256') IS NOT NULL ORDER BY ALL

-- name: examples
SELECT count(*) FROM evidence.example WHERE kind <> 'variant'

-- name: named
SELECT ref FROM evidence.example WHERE ref = $text OR id = $text
ORDER BY ref = $text DESC, kind = 'variant', ref LIMIT 6

-- name: nearest
SELECT ref FROM evidence.example WHERE kind <> 'variant' ORDER BY levenshtein(id, $text), ref LIMIT 3

-- name: is_known_answer
SELECT ref FROM evidence.known_answer WHERE ref = $ref

-- name: needed
-- What must be answered, known-answer items among it, and how many of it this reviewer has answered.
SELECT count(*) FILTER (ref IN (SELECT ref FROM answered WHERE actor = $actor)), count(*)
FROM queue WHERE part <> 'worth a look'

-- name: parts
SELECT (SELECT count(*) FROM deciding), (SELECT count(*) FROM queued WHERE control),
       (SELECT count(*) FROM queued WHERE known), count(*) FILTER (part = 'worth a look'), count(*) FROM queue

-- name: beside_the_run
-- Streams with events of this run about examples that it does not have, which no session writes.
SELECT DISTINCT stream_id FROM event
WHERE run = $run AND ref IS NOT NULL AND ref NOT IN (SELECT ref FROM keyed) ORDER BY stream_id

-- name: unkeyed
SELECT DISTINCT ref FROM event WHERE ref IS NOT NULL AND ref NOT IN (SELECT ref FROM keyed)

-- name: take_key
INSERT INTO keyed VALUES ($ref, $key)

-- name: take_keys
INSERT INTO keyed SELECT ref, ref_key FROM evidence.example WHERE ref IN (SELECT unnest($refs::VARCHAR[]))

-- name: take_slices
-- The slices of what is new in the queue.
INSERT INTO queue_slice
SELECT m.ref_key, m.track, m.slice
FROM (SELECT ref_key FROM queue EXCEPT SELECT ref_key FROM queue_slice) JOIN evidence.membership m USING (ref_key)

-- name: judged_elsewhere
SELECT DISTINCT ref FROM event WHERE ref IS NOT NULL AND run <> $run ORDER BY ref

-- name: take_live
DELETE FROM live; INSERT INTO live SELECT * FROM live_of_events

-- name: forget_verdicts
DELETE FROM verdict_now; DELETE FROM contested_now; DELETE FROM due_again; DELETE FROM answered

-- name: take_verdicts
INSERT INTO verdict_now BY NAME SELECT * FROM verdict_of($run)

-- name: take_contested
-- Every contested example of a slice that a gate may judge; of other slices, the clusters that were judged.
INSERT INTO contested_now
WITH touched AS (SELECT DISTINCT track, cluster FROM evidence.contested WHERE ref IN (SELECT ref FROM verdict_now))
SELECT * FROM evidence.contested
WHERE (track, slice) IN (SELECT (track, slice) FROM judged_slice) OR (track, cluster) IN (SELECT (track, cluster) FROM touched)
ORDER BY ALL

-- name: take_due_again
-- Three of the first verdicts of each reviewer are asked for again once that many others were given.
INSERT INTO due_again
WITH said AS (
    SELECT ref, actor, (body ->> '$.blind') = 'true' AS blind,
           row_number() OVER (PARTITION BY actor ORDER BY lamport, stream_id, seq) AS number,
           count(*) OVER (PARTITION BY actor) AS total, count(*) OVER (PARTITION BY actor, ref) AS times
    FROM counted($run) WHERE kind = 'verdict'),
drawn AS (
    SELECT * FROM said WHERE number <= $among AND blind
    QUALIFY row_number() OVER (PARTITION BY actor ORDER BY md5(actor || ref)) <= $again)
SELECT ref, actor FROM drawn WHERE total >= number + $among AND times = 1

-- name: take_answered
-- A verdict on a known-answer item answers nothing: that is done by choosing between its answers. Nor does one that leaves
-- open some of what is asked of the answers.
INSERT INTO answered
SELECT ref, actor FROM (
    SELECT ref, actor FROM verdict_now WHERE ref NOT IN (SELECT ref FROM queued WHERE known)
    AND event_id NOT IN (SELECT event_id FROM event WHERE kind = 'verdict' AND json_array_length(body, '$.open') > 0)
    UNION SELECT ref, actor FROM known_answer_of($run))
ANTI JOIN due_again USING (ref, actor)

-- name: keep_deciding
INSERT INTO was_deciding SELECT ref, ref_key FROM queue WHERE part = 'decides' AND ref NOT IN (SELECT ref FROM was_deciding)

-- name: forget_queue
DELETE FROM deciding; DELETE FROM queue

-- name: take_deciding
INSERT INTO deciding
WITH asked AS (SELECT unnest($refs::VARCHAR[]) AS ref),
near AS (
    SELECT ref, ref_key FROM evidence.contested WHERE ref IN (SELECT ref FROM asked)
    UNION SELECT ref, ref_key FROM evidence.flag WHERE ref IN (SELECT ref FROM asked))
SELECT ref, ref_key FROM near
UNION ALL SELECT ref, ref_key FROM evidence.example WHERE ref IN (SELECT ref FROM asked ANTI JOIN near USING (ref))

-- name: take_queue
-- What this reviewer has judged stays where it was, also where it decides no longer: it may be changed, or come again.
INSERT INTO queue BY NAME
WITH mine AS (SELECT ref FROM verdict_now WHERE actor = $actor),
decides AS (
    SELECT ref, ref_key FROM deciding UNION
    SELECT ref, ref_key FROM was_deciding JOIN mine USING (ref) UNION
    SELECT c.ref, c.ref_key FROM contested_now c JOIN evidence.slice s USING (track, slice) JOIN mine ON mine.ref = c.ref
    WHERE s.critical),
entries AS (
    SELECT coalesce(q.ref, d.ref) AS ref, coalesce(q.ref_key, d.ref_key) AS ref_key, q.rank, coalesce(q.reasons, []) AS reasons,
           coalesce(q.control, false) AS control, coalesce(q.known, false) AS known,
           CASE WHEN q.known THEN 'known answer' WHEN d.ref IS NOT NULL THEN 'decides'
                WHEN q.control THEN 'control' ELSE 'worth a look' END AS part
    FROM queued q FULL JOIN decides d USING (ref_key))
SELECT *, row_number() OVER (
           ORDER BY part = 'worth a look', CASE WHEN part <> 'worth a look' THEN md5(ref || $actor) END, rank, ref) AS place
FROM entries
