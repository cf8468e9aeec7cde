-- The licences of attributions, and what a finding may stand on.

-- name: licences
SELECT COLUMNS(name -> name NOT IN ('ref', 'ref_key')) FROM evidence.{source} WHERE ref = $ref ORDER BY method, target, side

-- name: slice_licences
SELECT * FROM evidence.metric
WHERE track = $track AND starts_with(name, 'licence') AND slice IN (SELECT unnest($slices::VARCHAR[]))
ORDER BY slice, side, method, name

-- name: counterfactuals
SELECT count(*) FROM evidence.example
WHERE kind = 'variant' AND (ref IN (SELECT unnest($refs::VARCHAR[]))
                            OR parent_ref IN (SELECT unnest($refs::VARCHAR[])))

-- name: attribution
SELECT * EXCLUDE (ref_key) FROM evidence.attribution
WHERE ref = $ref AND method = $method AND side = $side AND target = $target
