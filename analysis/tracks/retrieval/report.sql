-- What the inspection report quotes; the run is attached as `evidence`.

-- name: changed_slices
-- Better ones where $sign is 1, worse ones where it is -1; the most changed first.
WITH changed AS (
    SELECT d.slice, d.value, d.low, d.high, d.n, b.value AS broken, f.value AS fixed, any_value(s.critical) AS critical
    FROM evidence.metric d
    JOIN evidence.metric b ON b.track = d.track AND b.slice = d.slice AND b.name = 'broken'
    JOIN evidence.metric f ON f.track = d.track AND f.slice = d.slice AND f.name = 'fixed'
    JOIN evidence.slice s ON s.track = d.track AND s.slice = d.slice AND s.kind <> 'all'
    WHERE d.track = $track AND d.name = 'recall' AND d.side = 'difference'
    GROUP BY ALL)
FROM changed WHERE $sign * value > 0 ORDER BY abs(value) DESC, slice LIMIT $limit

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
