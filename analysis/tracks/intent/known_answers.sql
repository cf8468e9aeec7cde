-- Examples whose right answer is known, each beside one that is wrong; over the workbench.

-- name: known_answers
-- Messages that both sides have right with more than the median margin, beside the label that the base holds next best.
-- Where margins or runners-up were not recorded: any that both have right, beside what its class is most taken for.
WITH scored AS (
    SELECT p.* FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all AND m.track = $track),
taken AS (
    SELECT gold, label FROM (
        SELECT gold, base_label AS label FROM scored WHERE NOT base_correct
        UNION ALL SELECT gold, candidate_label FROM scored WHERE NOT candidate_correct)
    GROUP BY gold, label QUALIFY row_number() OVER (PARTITION BY gold ORDER BY count(*) DESC, label) = 1),
sure AS (
    SELECT p.ref, p.gold, coalesce(b.runner_up, t.label) AS wrong,
           CASE WHEN p.base_margin IS NOT NULL AND p.candidate_margin IS NOT NULL
                THEN least(p.base_margin, p.candidate_margin) END AS margin
    FROM scored p JOIN intent_side b ON b.ref = p.ref AND b.side = 'base' LEFT JOIN taken t USING (gold)
    WHERE p.transition = 'both_right')
SELECT ref, gold, wrong FROM sure
WHERE wrong IS NOT NULL AND (margin IS NULL OR margin >= (SELECT median(margin) FROM sure)) ORDER BY ref
