-- What the report says of the run, which is attached as `evidence`.

-- name: quotations
-- Spans of some behaviours in answers of the candidate to some prompts, in order of reading.
SELECT h.behaviour, e.ref, e.id, r.text[s.start + 1 : s."end"], s.why
FROM evidence.example e
JOIN evidence.response_side r ON r.ref = e.ref AND r.side = 'candidate'
JOIN evidence.response_behaviour_span h ON h.ref = e.ref AND h.side = 'candidate'
JOIN evidence.span s ON s.ref = h.ref AND s.side = h.side AND s.detector = h.detector AND s.start = h.start
     AND s."end" = h."end" AND s.label = h.label
WHERE e.ref IN (SELECT unnest($refs::VARCHAR[])) AND h.behaviour IN (SELECT unnest($behaviours::VARCHAR[]))
ORDER BY s.start, s."end", s.why
