-- Probes and pairs whose verdict counts in a gate.

-- name: probes
-- A probe that lost relevant items counts as a loss, one that gained some as a gain.
SELECT $track AS track, 'probes' AS measure, m.slice, p.ref, coalesce(k.cluster, p.ref) AS cluster,
       CASE WHEN p.candidate_recall < p.base_recall - $rounding THEN 1
            WHEN p.candidate_recall > p.base_recall + $rounding THEN -1 ELSE 0 END AS gold,
       -1 AS candidate, 1 AS base, 0 AS "both", 0 AS neither
FROM retrieval_probe p JOIN membership m ON m.ref = p.ref AND m.track = $track
JOIN slice s ON s.slice = m.slice AND s.track = m.track AND (s.critical OR s.kind = 'all')
LEFT JOIN cluster k ON k.ref = p.ref
WHERE p.base_recall IS NOT NULL AND abs(p.candidate_recall - p.base_recall) > $rounding ORDER BY ALL

-- name: pairs
SELECT $track AS track, 'hard_negatives' AS measure, $all AS slice, p.ref, coalesce(k.cluster, p.ref) AS cluster,
       CASE WHEN p.candidate_violated THEN 1 ELSE -1 END AS gold,
       -1 AS candidate, 1 AS base, 0 AS "both", 0 AS neither
FROM retrieval_margin p LEFT JOIN cluster k ON k.ref = p.ref
WHERE p.candidate_violated <> p.base_violated ORDER BY ALL
