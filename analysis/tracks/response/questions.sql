-- What a reviewer is asked of a prompt.

-- name: answers
SELECT b.text, c.text FROM evidence.response_side b JOIN evidence.response_side c ON c.ref = b.ref AND c.side = 'candidate'
WHERE b.ref = $ref AND b.side = 'base'

-- name: known_answers
-- Prompts whose answer by the base has no hit of any detector, beside the base's answer to another prompt.
WITH good AS (
    SELECT s.ref, s.text, row_number() OVER (ORDER BY md5(s.ref)) AS number, count(*) OVER () AS many
    FROM response_side s WHERE s.side = 'base' AND s.words > 0
      AND s.ref NOT IN (SELECT ref FROM response_hit WHERE side = 'base'))
SELECT a.ref, a.text, b.text FROM good a JOIN good b ON b.number = a.number % a.many + 1
WHERE a.text <> b.text ORDER BY a.ref
