-- Refs and the numbers that stand for them in a published run.

-- name: key
SELECT ref_key FROM evidence.example WHERE ref = $ref

-- name: keys
SELECT ref, ref_key FROM evidence.example WHERE ref IN (SELECT unnest($refs::VARCHAR[]))

-- name: slices
SELECT slice FROM evidence.membership WHERE ref_key = $key AND track = $track ORDER BY slice
