-- Messages whose verdict counts in a gate: those that the sides answer differently.

-- name: by_slice
-- Which side has a message right, in every slice that a gate judges.
SELECT $track AS track, 'accuracy' AS measure, m.slice, p.ref, coalesce(k.cluster, p.ref) AS cluster,
       CAST(p.base_correct AS TINYINT) - CAST(p.candidate_correct AS TINYINT) AS gold,
       -1 AS candidate, 1 AS base, 0 AS "both", 0 AS neither
FROM intent_pair p JOIN membership m USING (ref)
JOIN slice s ON s.slice = m.slice AND s.track = m.track
LEFT JOIN cluster k ON k.ref = p.ref
WHERE m.track = $track AND p.flipped AND p.gold IS NOT NULL AND s.kind IN ('all', 'class', 'declared', 'metadata', 'length')
ORDER BY ALL

-- name: by_routing
-- Whether a message is sent to a critical class by mistake: by the candidate alone it counts as a loss, by the base
-- alone as a gain. It was sent there rightly where a verdict has the sending side right.
SELECT $track AS track, 'routing' AS measure, s.slice, p.ref, coalesce(k.cluster, p.ref) AS cluster,
       CASE WHEN p.gold = c.name THEN 0 WHEN p.candidate_label = c.name THEN 1 ELSE -1 END AS gold,
       CASE WHEN p.candidate_label = c.name THEN 0 ELSE -1 END AS candidate,
       CASE WHEN p.candidate_label = c.name THEN 1 ELSE 0 END AS base, 0 AS "both",
       CASE WHEN p.candidate_label = c.name THEN 1 ELSE -1 END AS neither
FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all AND m.track = $track
JOIN (SELECT unnest($critical::VARCHAR[]) AS name) c ON c.name IN (p.candidate_label, p.base_label)
JOIN slice s ON s.track = $track AND s.kind = 'class' AND s.slice = $label || '=' || c.name
LEFT JOIN cluster k ON k.ref = p.ref
WHERE p.flipped AND p.gold IS NOT NULL ORDER BY ALL

-- name: by_threshold
-- Whether a message of a critical class is acted on wrongly by one side alone, given which of them is right: a side that
-- is not sure enough to be acted on does no harm.
WITH acted AS (
    SELECT p.ref, p.gold, CAST(p.base_p >= $threshold AS TINYINT) AS base, p.base_correct, p.flipped,
           CAST(p.candidate_p >= $threshold AS TINYINT) AS candidate, p.candidate_correct
    FROM intent_pair p WHERE p.gold IS NOT NULL AND p.base_p IS NOT NULL AND p.candidate_p IS NOT NULL),
counted AS (
    SELECT ref, CASE WHEN candidate_correct THEN 0 ELSE candidate END - CASE WHEN base_correct THEN 0 ELSE base END AS gold,
           CASE WHEN flipped THEN -base ELSE 0 END AS candidate, CASE WHEN flipped THEN candidate ELSE 0 END AS base,
           0 AS "both", candidate - base AS neither
    FROM acted)
SELECT $track AS track, 'threshold' AS measure, m.slice, c.ref, coalesce(k.cluster, c.ref) AS cluster,
       c.* EXCLUDE (ref)
FROM counted c JOIN membership m USING (ref)
JOIN slice s ON s.slice = m.slice AND s.track = m.track AND s.kind = 'class' AND s.critical
LEFT JOIN cluster k ON k.ref = c.ref
WHERE m.track = $track AND (c.gold, c.candidate, c.base, c.neither) <> (0, 0, 0, 0) ORDER BY ALL

-- name: destinations
-- Where most of the messages of a class go that only the base has right.
SELECT $label || '=' || gold AS slice, candidate_label AS destination, count(*) AS n,
       CAST(sum(count(*)) OVER (PARTITION BY gold) AS BIGINT) AS lost
FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all AND m.track = $track
WHERE p.transition = 'broken' GROUP BY gold, candidate_label
QUALIFY row_number() OVER (PARTITION BY gold ORDER BY count(*) DESC, candidate_label) = 1 ORDER BY ALL
