-- What causes and discovered slices are made of, over the workbench of any track.

-- name: examples
-- Every example that outcomes are counted over, with what it is not independent of.
SELECT e.ref, e.text, coalesce(k.cluster, e.ref) AS cluster FROM membership m JOIN example e USING (ref)
LEFT JOIN cluster k ON k.track = m.track AND k.ref = m.ref
WHERE m.track = $track AND m.slice = $all ORDER BY e.ref

-- name: outcome
-- By gold: what got worse, and what got better.
SELECT ref, gold > 0 AS worse FROM contested
WHERE track = $track AND measure = $measure AND slice = $slice AND gold <> 0 ORDER BY ref

-- name: slices
SELECT s.kind, s.slice, s.definition, list(m.ref ORDER BY m.ref) AS refs FROM slice s JOIN membership m USING (slice, track)
WHERE s.track = $track AND s.kind IN ('class', 'declared', 'metadata', 'length') GROUP BY ALL ORDER BY s.slice

-- name: templates
SELECT cluster, list(k.ref ORDER BY k.ref) AS refs, any_value(e.text) FILTER (e.ref = k.cluster) AS text
FROM cluster k JOIN example e USING (ref) WHERE k.track = $track GROUP BY cluster HAVING count(*) >= $least ORDER BY cluster
