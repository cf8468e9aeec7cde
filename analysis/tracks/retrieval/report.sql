-- What the inspection report quotes; the run is attached as `evidence`.

-- name: worst_pairs
SELECT e.text, coalesce(p.title, h.positive_ref), coalesce(n.title, h.negative_ref), m.base_margin, m.candidate_margin
FROM evidence.retrieval_margin m JOIN evidence.example e USING (ref)
JOIN evidence.retrieval_hard_negative h USING (ref)
LEFT JOIN evidence.retrieval_item p ON p.ref = h.positive_ref
LEFT JOIN evidence.retrieval_item n ON n.ref = h.negative_ref
WHERE m.candidate_violated AND NOT m.base_violated
ORDER BY m.candidate_margin - m.base_margin, m.ref LIMIT $limit

-- name: movement
SELECT attribute, from_label, to_label, base_share, candidate_share, n FROM evidence.retrieval_movement
WHERE candidate_share - base_share >= $least
ORDER BY candidate_share - base_share DESC, attribute, from_label, to_label LIMIT $limit
