-- Refs and the numbers that stand for them in a published run.

-- name: pages
SELECT ref FROM evidence.ref_page ORDER BY ref_key

-- name: page
SELECT ref, ref_key FROM evidence.packed WHERE ref_key BETWEEN $first AND $last

-- name: keys
SELECT ref, ref_key FROM evidence.packed WHERE ref IN (SELECT unnest($refs::VARCHAR[]))

-- name: sets
SELECT count(DISTINCT slice_set) FROM evidence.slice_set

-- name: all_sets
SELECT slice_set, track, list(slice ORDER BY slice) FROM evidence.slice_set GROUP BY slice_set, track

-- name: slices
SELECT slice FROM evidence.slice_set WHERE slice_set = $slice_set AND track = $track ORDER BY slice
