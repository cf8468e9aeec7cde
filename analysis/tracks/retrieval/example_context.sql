-- What is shown with a query, item, pair or edited item; the run is attached as `evidence`.

-- name: kind
SELECT kind, parent_ref FROM evidence.example WHERE ref = $ref

-- name: has_lists
SELECT 1 FROM evidence.retrieval_side WHERE ref_key = $key

-- name: depth
SELECT max(len(neighbours)) AS depth FROM evidence.retrieval_side WHERE ref_key = $key

-- name: cut_off
SELECT len(neighbours) AS k FROM evidence.retrieval_side WHERE starts_with(ref, 'retrieval/item:') LIMIT 1

-- name: probe
SELECT * EXCLUDE (ref, ref_key) FROM evidence.retrieval_probe WHERE ref_key = $key

-- name: shift
SELECT * EXCLUDE (ref, ref_key) FROM evidence.retrieval_shift WHERE ref_key = $key

-- name: margin
SELECT * EXCLUDE (ref, ref_key) FROM evidence.retrieval_margin WHERE ref_key = $key

-- name: lists
WITH s AS (SELECT side, neighbours, scores FROM evidence.retrieval_side WHERE ref_key = $key),
one AS (
    SELECT s.side, unnest(s.neighbours[1:$k]) AS ref, unnest(s.scores[1:$k]) AS score,
           generate_subscripts(s.neighbours[1:$k], 1) AS rank, o.neighbours AS others
    FROM s LEFT JOIN s o ON o.side <> s.side)
SELECT side, rank, ref, score, nullif(list_position(others, ref), 0) AS other_rank FROM one ORDER BY side, rank

-- name: items
SELECT e.ref, e.id, e.text, coalesce(i.title, e.id) AS title, i.duplicate_of
FROM evidence.example e LEFT JOIN evidence.retrieval_item i ON i.ref = e.ref
WHERE e.ref IN (SELECT unnest($refs::VARCHAR[])) AND e.kind IN ('item', 'variant') ORDER BY e.ref

-- name: attributes
SELECT * EXCLUDE (ref_key) FROM evidence.retrieval_attribute WHERE ref IN (SELECT unnest($refs::VARCHAR[]))
ORDER BY ref, wanted DESC, kind, attribute

-- name: wanted
SELECT attribute, bool_or(wanted) AS wanted FROM evidence.retrieval_attribute GROUP BY attribute

-- name: relevant
SELECT r.item_ref, coalesce(i.duplicate_of, r.item_ref) AS title_ref
FROM evidence.retrieval_relevance r LEFT JOIN evidence.retrieval_item i ON i.ref = r.item_ref
WHERE r.ref_key = $key ORDER BY r.item_ref

-- name: pairs
-- A pair itself, or the pairs of a query.
SELECT e.ref, e.id, h.positive_ref, h.negative_ref, p.title AS positive_title, n.title AS negative_title,
       m.base_margin, m.candidate_margin, m.base_violated, m.candidate_violated
FROM evidence.example e JOIN evidence.retrieval_hard_negative h ON h.ref = e.ref
LEFT JOIN evidence.retrieval_margin m ON m.ref = e.ref
LEFT JOIN evidence.retrieval_item p ON p.ref = h.positive_ref
LEFT JOIN evidence.retrieval_item n ON n.ref = h.negative_ref
WHERE e.kind = 'pair' AND (e.ref = $ref OR e.parent_ref = $ref)
ORDER BY m.candidate_violated AND NOT m.base_violated DESC NULLS LAST, m.candidate_violated DESC NULLS LAST,
         m.candidate_margin NULLS LAST, e.ref

-- name: item_ranks
SELECT s.side, nullif(list_position(s.neighbours, $item), 0) AS rank, len(s.neighbours) AS depth,
       s.scores[nullif(list_position(s.neighbours, $item), 0)] AS score
FROM evidence.retrieval_side s WHERE s.ref_key = $key ORDER BY s.side

-- name: queries
SELECT e.ref, e.id, e.text, list_contains(p.gained, $ref) AS gained FROM evidence.retrieval_probe p
JOIN evidence.example e ON e.ref = p.ref
WHERE list_contains(p.gained, $ref) OR list_contains(p.lost, $ref) ORDER BY gained DESC, e.ref LIMIT $limit

-- name: counterfactuals
SELECT c.* EXCLUDE (ref_key), e.text FROM evidence.retrieval_counterfactual c JOIN evidence.example e USING (ref_key)
WHERE c.item_ref = $ref OR c.ref = $ref ORDER BY c.candidate_overlap - c.base_overlap NULLS LAST, c.ref

-- name: movement
SELECT m.* FROM evidence.retrieval_movement m JOIN evidence.retrieval_attribute a
    ON a.ref = $ref AND a.attribute = m.attribute AND list_contains(a.labels, m.from_label)
ORDER BY abs(m.candidate_share - m.base_share) DESC NULLS LAST, m.attribute, m.from_label, m.to_label LIMIT $limit

-- name: slices
SELECT m.slice, s.critical FROM evidence.membership m
JOIN evidence.slice s ON s.slice = m.slice AND s.track = m.track WHERE m.ref_key = $key AND m.track = $track

-- name: metrics
-- Of some names, in some slices or, where these are NULL, in all.
SELECT name, slice, side, value, low, high, n, status, why, method, n_effective FROM evidence.metric
WHERE track = $track AND list_contains($names, name) AND ($slices::VARCHAR[] IS NULL OR list_contains($slices::VARCHAR[], slice))
ORDER BY name, slice, method, side
