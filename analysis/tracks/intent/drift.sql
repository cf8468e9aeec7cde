-- How far the states of the layers moved between the sides.

-- name: keep_states
CREATE TEMP TABLE IF NOT EXISTS intent_state (ref VARCHAR, role VARCHAR, layers INTEGER, states BLOB)

-- name: sample
-- The first messages of each slice by hash: one order for all slices, so that they share their messages.
WITH hashed AS (
    SELECT m.slice, m.ref, sha256($seed || '/' || m.ref) AS place FROM membership m
    JOIN example e ON e.ref = m.ref WHERE m.track = $track AND e.kind <> 'variant'),
first AS (
    SELECT * FROM hashed QUALIFY row_number() OVER (PARTITION BY slice ORDER BY place, ref)
        <= CASE slice WHEN $all THEN $of_all ELSE $of_slice END)
SELECT f.slice, list(f.ref ORDER BY f.place, f.ref) FROM first f
JOIN slice s ON s.slice = f.slice AND s.track = $track
GROUP BY f.slice, s.critical, s.kind
ORDER BY f.slice <> $all, NOT s.critical, s.kind <> 'declared', s.kind <> 'class', s.kind, f.slice

-- name: states
SELECT role, layers, list(ref ORDER BY ref), list(states ORDER BY ref) FROM intent_state
GROUP BY role, layers ORDER BY role

-- name: predicted
SELECT count(*) FROM example WHERE track = $track

-- name: floor_texts
SELECT ref, text, sha256 FROM example WHERE ref IN (SELECT unnest($refs::VARCHAR[])) ORDER BY ref

-- name: drift_slices
SELECT slice, n FROM slice WHERE track = $track
ORDER BY slice <> $all, NOT critical, kind <> 'declared', kind <> 'class', kind, slice

-- name: cosines
WITH placed AS (
    SELECT m.slice, unnest(generate_series(0, len(s.cosine) - 1)) AS layer, unnest(s.cosine) AS cosine
    FROM intent_shift s JOIN membership m ON m.ref = s.ref WHERE m.track = $track)
SELECT slice, layer, count(cosine), avg(cosine::DOUBLE), coalesce(stddev_samp(cosine::DOUBLE), 0) FROM placed
GROUP BY slice, layer ORDER BY slice, layer
