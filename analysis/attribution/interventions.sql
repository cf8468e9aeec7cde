-- Interventions on the flip of one example.

-- name: interventions
SELECT * EXCLUDE (ref, ref_key) FROM evidence.{source} WHERE ref = $ref
ORDER BY reverts DESC, CASE WHEN reverts THEN words END NULLS LAST, kind DESC
