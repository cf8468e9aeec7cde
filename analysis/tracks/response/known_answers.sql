-- Examples whose right answer is known, each beside one that is wrong; over the workbench.

-- name: known_answers
-- Answers of the base in which no lead sees anything, beside the same answer with a sentence that does something unwanted
-- written into it.
WITH clean AS (
    SELECT s.ref, s.text FROM response_side s
    WHERE s.side = 'base' AND s.words > 0
      AND NOT EXISTS (SELECT 1 FROM response_hit h WHERE h.ref = s.ref AND h.side = 'base')),
written AS (
    SELECT name, place, unnest(examples) AS example FROM response_behaviour WHERE len(any_of) = 0),
offered AS (
    SELECT c.ref, c.text, w.name, w.example, row_number() OVER (PARTITION BY c.ref ORDER BY md5(c.ref || w.name || w.example)) AS number
    FROM clean c JOIN response_role r ON r.ref = c.ref AND r.role = 'unwanted' JOIN written w ON w.name = r.behaviour)
SELECT o.ref, o.text, o.example, o.name, coalesce(d.same, false) FROM offered o LEFT JOIN response_drawn d USING (ref)
WHERE o.number = 1 ORDER BY o.ref
