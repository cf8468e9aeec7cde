-- How sure each side is of each class, over the workbench.

-- name: confidence_by_class
SELECT gold, list(base_p - base_correct::INTEGER ORDER BY p.ref) AS base,
       list(candidate_p - candidate_correct::INTEGER ORDER BY p.ref) AS candidate
FROM intent_pair p JOIN membership m USING (ref)
WHERE m.track = $track AND m.slice = $all AND gold IS NOT NULL AND base_p IS NOT NULL AND candidate_p IS NOT NULL
GROUP BY gold ORDER BY gold
