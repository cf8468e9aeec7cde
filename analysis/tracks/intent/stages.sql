-- What the stages are planned from, and what the aggregates make of the workbench.

-- name: messages_to_predict
SELECT ref, text, gold, sha256, kind FROM example WHERE track = $track ORDER BY ref

-- name: evaluation_messages
SELECT e.ref, e.id, e.text, e.gold FROM example e JOIN membership m USING (ref)
WHERE m.track = $track AND m.slice = $all ORDER BY e.ref

-- name: keep_plan
CREATE OR REPLACE TEMP TABLE variant_plan AS SELECT * FROM incoming_plan

-- name: log_odds_of_targets
-- From float32 logits in double precision: l_t - logsumexp of the others. No exponent is positive and the sum is at
-- least 1, so that nothing overflows and a saturated probability keeps its log-odds.
CREATE OR REPLACE TEMP TABLE target_p AS
WITH needed AS (
    SELECT ref, target FROM variant_plan UNION SELECT parent_ref, target FROM variant_plan),
placed AS (
    SELECT s.ref, s.side, n.target, s.logits::DOUBLE[] AS logits, list_position($labels, n.target) AS position
    FROM needed n JOIN intent_side s USING (ref)),
rest AS (
    SELECT *, list_concat(logits[1 : position - 1], logits[position + 1 :]) AS others FROM placed)
SELECT ref, side, target,
       logits[position] - list_max(others)
           - ln(list_sum(list_transform(others, x -> exp(x - list_max(others))))) AS log_odds
FROM rest

-- name: variant_effects
WITH p AS (
    SELECT ref, side, target, CASE WHEN isfinite(log_odds) THEN 1 / (1 + exp(-greatest(log_odds, -700))) END AS p
    FROM target_p)
SELECT v.ref, v.cue, v.operation, v.term, v.source, v.target, v.population, v.start, v."end",
       vb.p AS base_p, vc.p AS candidate_p, pb.p AS base_plain_p, pc.p AS candidate_plain_p
FROM variant_plan v
JOIN p vb ON vb.ref = v.ref AND vb.side = 'base' AND vb.target = v.target
JOIN p vc ON vc.ref = v.ref AND vc.side = 'candidate' AND vc.target = v.target
JOIN p pb ON pb.ref = v.parent_ref AND pb.side = 'base' AND pb.target = v.target
JOIN p pc ON pc.ref = v.parent_ref AND pc.side = 'candidate' AND pc.target = v.target
ORDER BY v.ref

-- name: inserted_terms
SELECT target || '/' || cue, count(DISTINCT term) FROM intent_variant
WHERE operation = 'insert' AND source = 'lexicon' GROUP BY ALL ORDER BY 1

-- name: signal_effects
WITH odds AS (SELECT ref, side, target, CASE WHEN isfinite(log_odds) THEN log_odds END AS value FROM target_p)
SELECT v.parent_ref AS ref, v.ref AS variant_ref, v.target, v.cue AS signal,
       pb.value - vb.value AS base_effect, pc.value - vc.value AS candidate_effect
FROM variant_plan v
JOIN odds vb ON vb.ref = v.ref AND vb.side = 'base' AND vb.target = v.target
JOIN odds vc ON vc.ref = v.ref AND vc.side = 'candidate' AND vc.target = v.target
JOIN odds pb ON pb.ref = v.parent_ref AND pb.side = 'base' AND pb.target = v.target
JOIN odds pc ON pc.ref = v.parent_ref AND pc.side = 'candidate' AND pc.target = v.target
WHERE v.operation = 'signal' ORDER BY v.parent_ref, v.target, v.cue

-- name: evaluation_texts
SELECT e.ref, e.text, e.sha256 FROM example e JOIN membership m USING (ref)
WHERE m.track = $track AND m.slice = $all ORDER BY e.ref

-- name: chosen_options
SELECT DISTINCT method, half, option FROM intent_option WHERE chosen ORDER BY ALL

-- name: messages_to_attribute
SELECT e.ref, e.text, e.sha256, coalesce(p.flipped, false)
FROM example e JOIN selected USING (ref) LEFT JOIN intent_pair p USING (ref)
WHERE e.track = $track ORDER BY length(e.text), e.ref

-- name: flips_to_revert
SELECT p.ref, e.sha256, p.text, p.base_label, p.candidate_label
FROM intent_pair p JOIN example e USING (ref) JOIN selected USING (ref)
WHERE e.track = $track AND p.flipped ORDER BY length(p.text), p.ref

-- name: contrasts
SELECT a.ref, a.method, a.side, a.starts, a.ends, a.scores
FROM attribution a JOIN intent_pair p USING (ref) JOIN selected USING (ref)
WHERE a.status = 'ok' AND p.flipped AND a.target = p.candidate_label || ' − ' || p.base_label
ORDER BY a.ref, a.method, a.side

-- name: texts_with_cue
SELECT i.ref, $target IN (p.gold, p.base_label, p.candidate_label)
FROM intent_mention i JOIN intent_pair p USING (ref) WHERE i.kind = 'cue' AND i.name = $cue

-- name: attributions_of_cues
SELECT a.ref, m.name, a.side, a.method, a.target, a.starts, a.ends, a.scores, m.starts, m.ends
FROM attribution a JOIN selected USING (ref)
JOIN intent_mention m ON m.ref = a.ref AND m.kind = 'cue'
JOIN intent_side s ON s.ref = a.ref AND s.side = a.side AND s.label = a.target
WHERE a.status = 'ok' AND a.method IN (SELECT unnest($methods::VARCHAR[]))
ORDER BY a.ref, m.name, a.side, a.method

-- name: messages_to_randomise
WITH attributed AS (SELECT DISTINCT ref FROM attribution WHERE status = 'ok'),
judged AS (
    SELECT m.slice, m.ref FROM membership m JOIN attributed USING (ref)
    JOIN slice s ON s.slice = m.slice AND s.track = m.track AND (s.critical OR s.kind IN ('all', 'class'))
    WHERE m.track = $track QUALIFY count(*) OVER (PARTITION BY m.slice) >= $least)
SELECT j.ref, any_value(e.text), any_value(e.sha256), list(j.slice ORDER BY j.slice)
FROM judged j JOIN example e ON e.ref = j.ref GROUP BY j.ref

-- name: relevance_refused
SELECT count(*) FROM metric WHERE track = $track AND name = 'relevance_holds' AND value = 0

-- name: trained_attributions
SELECT a.ref, a.side, a.method, a.target, a.baseline, a.parameters->>'variant', a.scores
FROM attribution a JOIN intent_side s ON s.ref = a.ref AND s.side = a.side AND s.label = a.target
WHERE a.status = 'ok' AND a.method IN (SELECT unnest($methods::VARCHAR[]))
  AND a.ref IN (SELECT unnest($refs::VARCHAR[])) ORDER BY a.ref, a.side
