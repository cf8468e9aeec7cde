-- Examples whose right answer is known, each beside one that is wrong; over the workbench.

-- name: known_answers
-- Messages that both sides have right with more than the median margin, beside the label that the base holds next best.
WITH sure AS (
    SELECT p.ref, p.gold, b.runner_up, least(p.base_margin, p.candidate_margin) AS margin
    FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all AND m.track = $track
    JOIN intent_side b ON b.ref = p.ref AND b.side = 'base'
    WHERE p.transition = 'both_right')
SELECT ref, gold, runner_up FROM sure WHERE margin >= (SELECT median(margin) FROM sure) ORDER BY ref
