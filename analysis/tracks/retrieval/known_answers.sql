-- Examples whose right answer is known, each beside one that is wrong; over the workbench.

-- name: known_pairs
-- Pairs that both sides have right: what comes first is known, and the other was chosen because it is easily taken for it.
SELECT h.ref, coalesce(p.title, h.positive_ref), coalesce(n.title, h.negative_ref)
FROM retrieval_hard_negative h
JOIN retrieval_margin m ON m.ref = h.ref AND NOT m.base_violated AND NOT m.candidate_violated
LEFT JOIN retrieval_item p ON p.ref = h.positive_ref
LEFT JOIN retrieval_item n ON n.ref = h.negative_ref
WHERE coalesce(p.title, h.positive_ref) <> coalesce(n.title, h.negative_ref) ORDER BY h.ref

-- name: known_probes
-- Probes whose first answers both sides agree on and most of which are relevant, beside the first answers of another.
WITH titled AS (
    SELECT s.ref, list(coalesce(i.title, e.id) ORDER BY s.place) AS titles
    FROM (SELECT ref, unnest(neighbours[1:$k]) AS item, generate_subscripts(neighbours[1:$k], 1) AS place
          FROM retrieval_side WHERE side = 'base') s
    JOIN example e ON e.ref = s.item LEFT JOIN retrieval_item i ON i.ref = s.item GROUP BY s.ref),
good AS (
    SELECT p.ref, t.titles, row_number() OVER (ORDER BY md5(p.ref)) AS number, count(*) OVER () AS many
    FROM retrieval_probe p JOIN titled t USING (ref)
    WHERE p.overlap >= 0.5 AND p.base_recall >= (
        SELECT median(base_recall) FROM retrieval_probe WHERE base_recall IS NOT NULL))
SELECT a.ref, a.titles, b.titles FROM good a JOIN good b ON b.number = a.number % a.many + 1
WHERE len(list_intersect(a.titles, b.titles)) = 0 ORDER BY a.ref
