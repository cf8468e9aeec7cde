-- Examples whose right answer is known, each beside one that is wrong; over the workbench.

-- name: known_answers
-- Prompts whose answer by the base has no hit of any detector, beside the base's answer to another prompt.
WITH good AS (
    SELECT s.ref, s.text, row_number() OVER (ORDER BY md5(s.ref)) AS number, count(*) OVER () AS many
    FROM response_side s WHERE s.side = 'base' AND s.words > 0
      AND s.ref NOT IN (SELECT ref FROM response_hit WHERE side = 'base'))
SELECT a.ref, a.text, b.text FROM good a JOIN good b ON b.number = a.number % a.many + 1
WHERE a.text <> b.text ORDER BY a.ref
