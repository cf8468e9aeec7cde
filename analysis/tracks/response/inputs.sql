-- What detectors read: the answers of both sides, and what they are checked against. `$refs` NULL means every prompt.

-- name: catalogue
SELECT id, title, aliases, author, volumes, price, in_stock, spoilers FROM response_catalogue ORDER BY id

-- name: promises
SELECT about, text, days, amount FROM response_promise ORDER BY ALL

-- name: policy
SELECT key, "values" FROM response_policy

-- name: responses
-- What is answered is the last turn of the user, where a prompt is turns.
WITH asked AS (
    SELECT ref, coalesce(max_by(text, position) FILTER (role = 'user'), max_by(text, position)) AS text
    FROM response_turn GROUP BY ref)
SELECT ref, side, coalesce(a.text, e.text), r.text
FROM response_side r JOIN example e USING (ref) LEFT JOIN asked a USING (ref)
WHERE r.ended <> 'missing' AND ($refs::VARCHAR[] IS NULL OR ref IN (SELECT unnest($refs::VARCHAR[]))) ORDER BY ref, side

-- name: passages
SELECT ref, passage_id, text FROM response_passage
WHERE $refs::VARCHAR[] IS NULL OR ref IN (SELECT unnest($refs::VARCHAR[])) ORDER BY ref, position

-- name: expectations
SELECT ref, expects FROM response_expected
WHERE $refs::VARCHAR[] IS NULL OR ref IN (SELECT unnest($refs::VARCHAR[]))

-- name: turns
SELECT ref, role, text FROM response_turn
WHERE $refs::VARCHAR[] IS NULL OR ref IN (SELECT unnest($refs::VARCHAR[])) ORDER BY ref, position
