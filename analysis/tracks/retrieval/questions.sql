-- What a reviewer is asked of a query, pair, item or edited item.

-- name: kind
SELECT kind FROM evidence.example WHERE ref = $ref

-- name: lists
-- The first k of each side by their titles.
WITH one AS (
    SELECT side, unnest(neighbours[1:$k]) AS item, generate_subscripts(neighbours[1:$k], 1) AS place
    FROM evidence.retrieval_side WHERE ref = $ref)
SELECT o.side, list(coalesce(i.title, e.id) ORDER BY o.place)
FROM one o JOIN evidence.example e ON e.ref = o.item LEFT JOIN evidence.retrieval_item i ON i.ref = o.item GROUP BY o.side

-- name: pair
SELECT coalesce(p.title, h.positive_ref), coalesce(n.title, h.negative_ref), m.base_violated, m.candidate_violated
FROM evidence.retrieval_hard_negative h JOIN evidence.retrieval_margin m ON m.ref = h.ref
LEFT JOIN evidence.retrieval_item p ON p.ref = h.positive_ref
LEFT JOIN evidence.retrieval_item n ON n.ref = h.negative_ref WHERE h.ref = $ref

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
