-- What the report says of the run, which is attached as `evidence`.

-- name: detectors
SELECT name, verb, strict, quoted, quality FROM evidence.response_detector WHERE rated ORDER BY place, name

-- name: quotations
SELECT e.ref, e.id, s.start, s."end", r.text[s.start + 1 : s."end"], s.why
FROM evidence.example e
JOIN evidence.response_side r ON r.ref = e.ref AND r.side = 'candidate'
JOIN evidence.response_hit h ON h.ref = e.ref AND h.side = 'candidate' AND h.detector = $detector
JOIN evidence.span s ON s.ref = h.ref AND s.side = h.side AND s.detector = h.detector AND s.start = h.start
     AND s."end" = h."end" AND s.label = h.label
WHERE e.ref IN (SELECT unnest($refs::VARCHAR[])) ORDER BY s.start, s."end", s.why

-- name: changed_slices
-- Those with a higher rate, or with a lower one, by the bound nearer to no change: a slice of two answers is not the
-- most regressed one.
WITH changed AS (
    SELECT d.slice, d.name, d.value, d.low, d.high, d.n, b.value AS broken, f.value AS fixed,
           any_value(s.critical) AS critical
    FROM evidence.metric d
    JOIN evidence.response_detector r ON d.name = r.name || '_rate' AND r.rated
    JOIN evidence.metric b ON b.track = d.track AND b.slice = d.slice AND b.name = r.name || '_broken'
    JOIN evidence.metric f ON f.track = d.track AND f.slice = d.slice AND f.name = r.name || '_fixed'
    JOIN evidence.slice s ON s.track = d.track AND s.slice = d.slice AND s.kind <> 'all'
    WHERE d.track = $track AND d.side = 'difference' AND CASE WHEN $risen THEN d.value > 0 ELSE d.value < 0 END
    GROUP BY ALL)
SELECT * FROM changed ORDER BY CASE WHEN $risen THEN -low ELSE high END, slice, name LIMIT $most
