-- What a reviewer is asked of a query, pair, item or edited item; the run is attached as `evidence`.

-- name: kind
SELECT kind FROM evidence.example WHERE ref = $ref

-- name: lists
-- The first k of each side by their titles.
WITH one AS (
    SELECT side, unnest(neighbours[1:$k]) AS item, generate_subscripts(neighbours[1:$k], 1) AS place
    FROM evidence.retrieval_side WHERE ref_key = $key)
SELECT o.side, list(coalesce(i.title, e.id) ORDER BY o.place)
FROM one o JOIN evidence.example e ON e.ref = o.item LEFT JOIN evidence.retrieval_item i ON i.ref = o.item GROUP BY o.side

-- name: pair
SELECT coalesce(p.title, h.positive_ref), coalesce(n.title, h.negative_ref), m.base_violated, m.candidate_violated
FROM evidence.retrieval_hard_negative h JOIN evidence.retrieval_margin m USING (ref_key)
LEFT JOIN evidence.retrieval_item p ON p.ref = h.positive_ref
LEFT JOIN evidence.retrieval_item n ON n.ref = h.negative_ref WHERE ref_key = $key

-- name: texts_of
-- The texts of the items of some titles, where they say more than the title.
SELECT i.title, min(e.text) FROM evidence.retrieval_item i JOIN evidence.example e ON e.ref = i.ref
WHERE i.title IN (SELECT unnest($titles::VARCHAR[])) AND e.text <> i.title GROUP BY i.title
