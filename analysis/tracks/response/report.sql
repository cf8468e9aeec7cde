-- What the report says of the run, which is attached as `evidence`.

-- name: quotations
SELECT e.ref, e.id, r.text[s.start + 1 : s."end"], s.why
FROM evidence.example e
JOIN evidence.response_side r ON r.ref = e.ref AND r.side = 'candidate'
JOIN evidence.response_behaviour_span h ON h.ref = e.ref AND h.side = 'candidate' AND h.behaviour = $behaviour
JOIN evidence.span s ON s.ref = h.ref AND s.side = h.side AND s.detector = h.detector AND s.start = h.start
     AND s."end" = h."end" AND s.label = h.label
WHERE e.ref IN (SELECT unnest($refs::VARCHAR[])) ORDER BY s.start, s."end", s.why

-- name: changed_slices
-- Where leads point at more answers, or at fewer, by the bound nearer to no change: a slice of two answers is not the
-- most regressed one.
WITH changed AS (
    SELECT d.slice, r.name AS behaviour, d.value, d.low, d.high, d.n, b.value AS new, f.value AS gone,
           any_value(s.critical) AS critical
    FROM evidence.metric d
    JOIN evidence.response_behaviour r ON d.name = r.name || '_leads'
    JOIN evidence.metric b ON b.track = d.track AND b.slice = d.slice AND b.name = r.name || '_new'
    JOIN evidence.metric f ON f.track = d.track AND f.slice = d.slice AND f.name = r.name || '_gone'
    JOIN evidence.slice s ON s.track = d.track AND s.slice = d.slice AND s.kind <> 'all'
    WHERE d.track = $track AND d.side = 'difference' AND CASE WHEN $risen THEN d.value > 0 ELSE d.value < 0 END
    GROUP BY ALL)
SELECT * FROM changed ORDER BY CASE WHEN $risen THEN -low ELSE high END, slice, behaviour LIMIT $most
