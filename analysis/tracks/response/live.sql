-- What a live question needs of the run, which is attached as `evidence`.

-- name: known
SELECT 1 FROM evidence.example WHERE ref = $ref

-- name: turns
SELECT ref, role, text FROM evidence.response_turn WHERE ref = $ref ORDER BY position
