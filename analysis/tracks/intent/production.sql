-- The evaluation messages as production weighs them, over the workbench.

-- name: weighed_messages
SELECT p.gold, p.base_label, p.candidate_label,
       list_transform($slices::VARCHAR[], one -> list_contains(list(m.slice), one)) AS inside
FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.track = $track
WHERE p.gold IS NOT NULL
GROUP BY p.ref, p.gold, p.base_label, p.candidate_label HAVING bool_or(m.slice = $all) ORDER BY p.ref

-- name: class_slices
SELECT slice FROM slice WHERE track = $track AND kind = 'class' ORDER BY slice
