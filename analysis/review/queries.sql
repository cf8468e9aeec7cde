-- What is read of a run (attached as `evidence`) and of what people said of it.

-- name: metrics
SELECT * FROM evidence.metric
WHERE ($track IS NULL OR track = $track) AND ($name IS NULL OR name = $name) AND ($slice IS NULL OR slice = $slice)

-- name: metric_specs
SELECT * FROM evidence.metric_spec ORDER BY track, name

-- name: methods
SELECT name, title, family, context_only, on_demand FROM evidence.attribution_method
WHERE track = $track ORDER BY place

-- name: main_metrics
-- Metrics of the slice of everything that are known on both sides and as a difference.
SELECT * FROM evidence.metric
WHERE slice = $all AND (track, name) IN (
    SELECT (track, name) FROM evidence.metric WHERE slice = $all GROUP BY track, name
    HAVING count(DISTINCT side) = 3)

-- name: slices
SELECT * FROM evidence.slice

-- name: slice_progress
-- Critical slices first, then the most broken less fixed. A slice's main metric is the one that its track names,
-- else the first by name.
WITH preferred AS (SELECT unnest($tracks::VARCHAR[]) AS track, unnest($mains::VARCHAR[]) AS main),
m AS (
    SELECT track, slice,
           max(value) FILTER (name = 'broken') AS broken, max(value) FILTER (name = 'fixed') AS fixed,
           coalesce(min(name) FILTER (side = 'base' AND name = main), min(name) FILTER (side = 'base')) AS main
    FROM evidence.metric LEFT JOIN preferred USING (track) GROUP BY track, slice),
v AS (
    -- A metric that several methods measured has several rows: one of them, so that a slice stays one line.
    SELECT track, slice, name, side, first(value ORDER BY method) AS value FROM evidence.metric GROUP BY ALL),
p AS (
    SELECT m.track, m.slice, count(*) AS queued,
           count(*) FILTER (q.ref IN (SELECT ref FROM answered WHERE actor = $actor)) AS seen
    FROM queue_slice m JOIN queue q USING (ref_key) GROUP BY m.track, m.slice)
SELECT s.slice, s.track, s.kind, s.critical, s.definition, s.n,
       m.main AS metric, coalesce(d.title, '') AS title, d.measures, coalesce(d.unit, '') AS unit,
       coalesce(d.better, 'neither') AS better, b.value AS base, c.value AS candidate,
       CAST(m.broken AS BIGINT) AS broken, CAST(m.fixed AS BIGINT) AS fixed,
       coalesce(p.queued, 0) AS queued, coalesce(p.seen, 0) AS seen,
       coalesce(p.queued, 0) - coalesce(p.seen, 0) AS undecided
FROM evidence.slice s
LEFT JOIN m ON m.track = s.track AND m.slice = s.slice
LEFT JOIN evidence.metric_spec d ON d.track = s.track AND d.name = m.main
LEFT JOIN v b
    ON b.track = s.track AND b.slice = s.slice AND b.name = m.main AND b.side = 'base'
LEFT JOIN v c
    ON c.track = s.track AND c.slice = s.slice AND c.name = m.main AND c.side = 'candidate'
LEFT JOIN p ON p.track = s.track AND p.slice = s.slice
WHERE $track IS NULL OR s.track = $track
ORDER BY s.critical DESC, coalesce(m.broken, 0) - coalesce(m.fixed, 0) DESC, coalesce(m.broken, 0) DESC,
         s.slice, s.track

-- name: critical_slices
SELECT slice FROM evidence.slice WHERE critical AND track = $track

-- name: verdicts_of_example
SELECT ref, actor, reviewer, "right", cause, note, blind, seconds, critical_slices, labels FROM verdict_now
WHERE ref = $ref ORDER BY actor

-- name: standing_verdicts
SELECT ref, actor, reviewer, "right", cause, note, blind, seconds, critical_slices, labels FROM verdict_now
ORDER BY ref, actor

-- name: history
-- Who a merged stream is by stands with its machine, and that it does not count.
WITH said AS (
    SELECT e.* EXCLUDE (merged) REPLACE (
        CASE WHEN e.merged THEN e.actor || ' on ' || e.host || CASE WHEN u.stream_id IS NULL THEN '' ELSE ', not counted' END
             ELSE e.actor END AS actor)
    FROM event e LEFT JOIN uncounted u USING (stream_id))
SELECT * FROM said WHERE ref = $ref AND (actor = $actor OR $everybody) ORDER BY lamport, stream_id, seq

-- name: rows_of_table
-- In the order in which they were published: to sort few rows of many columns costs more than to read them.
SELECT * EXCLUDE (ref_key) FROM evidence.{table} WHERE ref_key = $key

-- name: keys_in
SELECT DISTINCT ref_key FROM evidence.{table} WHERE ref_key IS NOT NULL

-- name: parents
SELECT DISTINCT e.parent_ref FROM evidence.{table} v JOIN evidence.example e USING (ref_key) WHERE e.parent_ref IS NOT NULL

-- name: own_variant
SELECT v.* EXCLUDE (ref_key), e.text, e.id, e.parent_ref
FROM evidence.{table} v JOIN evidence.example e USING (ref_key) WHERE v.ref_key = $key ORDER BY v.ref

-- name: variants_made_of
SELECT v.* EXCLUDE (ref_key), e.text, e.id, e.parent_ref
FROM evidence.{table} v JOIN evidence.example e USING (ref_key)
WHERE e.kind = 'variant' AND e.parent_ref = $ref ORDER BY v.ref

-- name: queue
SELECT q.ref, q.rank, q.control, q.known, q.reasons, c.slices AS critical_slices
FROM queued q LEFT JOIN critical c USING (ref_key) ORDER BY q.rank, q.ref

-- name: contested
SELECT * EXCLUDE (ref_key) FROM contested_now ORDER BY ALL

-- name: flagged
SELECT gate, list(ref ORDER BY rank NULLS LAST, ref) FROM evidence.flag
WHERE gate IS NOT NULL GROUP BY gate ORDER BY gate

-- name: causes
SELECT c.*, coalesce(m.refs, []) AS refs
FROM evidence.cause c
LEFT JOIN (SELECT track, cause, list(ref ORDER BY place) AS refs FROM evidence.cause_member GROUP BY track, cause) m
    USING (track, cause)
ORDER BY c.track, c.place, c.cause
