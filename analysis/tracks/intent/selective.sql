-- What an assistant does that acts on a prediction from a confidence on, over the workbench.

-- name: routed_by_slice
WITH acted AS (
    SELECT p.ref, p.base_p >= $threshold AS base, p.candidate_p >= $threshold AS candidate,
           p.base_p >= $threshold AND NOT p.base_correct AS base_wrong,
           p.candidate_p >= $threshold AND NOT p.candidate_correct AS candidate_wrong
    FROM intent_pair p WHERE p.gold IS NOT NULL AND p.base_p IS NOT NULL AND p.candidate_p IS NOT NULL)
SELECT s.slice, count(*) AS messages,
       count(*) FILTER (base) AS base_routed, count(*) FILTER (candidate) AS candidate_routed,
       count(*) FILTER (base_wrong) AS base_wrong, count(*) FILTER (candidate_wrong) AS candidate_wrong,
       count(*) FILTER (base OR candidate) AS routed,
       count(*) FILTER (base AND NOT candidate) AS coverage_lost,
       count(*) FILTER (candidate AND NOT base) AS coverage_gained,
       count(*) FILTER (candidate_wrong AND NOT base_wrong) AS broken,
       count(*) FILTER (base_wrong AND NOT candidate_wrong) AS fixed
FROM acted JOIN membership m USING (ref) JOIN slice s USING (slice, track)
WHERE m.track = $track AND (s.critical OR s.kind IN ('all', 'class')) GROUP BY s.slice ORDER BY s.slice

-- name: risk_coverage
SELECT s.side, t.threshold, count(*) AS messages, count(*) FILTER (s.p >= t.threshold) AS routed,
       count(*) FILTER (s.p >= t.threshold AND NOT s.correct) AS wrong
FROM membership m JOIN intent_side s USING (ref), (SELECT unnest($thresholds::DOUBLE[]) AS threshold) t
WHERE m.track = $track AND m.slice = $all AND s.correct IS NOT NULL AND s.p IS NOT NULL
GROUP BY ALL ORDER BY s.side, t.threshold
