-- What the metrics are counted from, over the workbench.

-- name: by_slice
-- By cluster first: the net of a cluster is what broke in it less what was fixed.
WITH counted AS (
    SELECT m.slice, coalesce(k.cluster, p.ref) AS cluster, count(*) AS n,
           count(*) FILTER (WHERE base_correct) AS base_right,
           count(*) FILTER (WHERE candidate_correct) AS candidate_right,
           count(*) FILTER (WHERE transition = 'broken') AS broken,
           count(*) FILTER (WHERE transition = 'fixed') AS fixed,
           count(*) FILTER (WHERE flipped) AS flips
    FROM membership m JOIN intent_pair p USING (ref)
    LEFT JOIN cluster k ON k.track = m.track AND k.ref = p.ref
    WHERE m.track = $track AND p.gold IS NOT NULL GROUP BY ALL)
SELECT slice, sum(n)::BIGINT AS n, sum(base_right)::BIGINT AS base_right,
       sum(candidate_right)::BIGINT AS candidate_right,
       sum(broken)::BIGINT AS broken, sum(fixed)::BIGINT AS fixed, sum(flips)::BIGINT AS flips,
       count(*) FILTER (WHERE broken > fixed) AS broken_clusters,
       count(*) FILTER (WHERE fixed > broken) AS fixed_clusters,
       sum((broken - fixed) ** 2)::BIGINT AS net_squares, sum(n ** 2)::BIGINT AS sizes,
       sum(base_right ** 2)::BIGINT AS base_squares, sum(base_right * n)::BIGINT AS base_products,
       sum(candidate_right ** 2)::BIGINT AS candidate_squares, sum(candidate_right * n)::BIGINT AS candidate_products
FROM counted GROUP BY slice ORDER BY slice

-- name: by_class
WITH scored AS (SELECT p.* FROM intent_pair p JOIN membership m USING (ref) WHERE m.track = $track AND m.slice = $all),
class AS (SELECT DISTINCT gold AS name FROM scored UNION SELECT unnest($critical::VARCHAR[])),
moved AS (
    SELECT class.name, coalesce(k.cluster, s.ref) AS cluster,
           count(*) FILTER (WHERE candidate_label = name) AS gained, count(*) FILTER (WHERE base_label = name) AS lost
    FROM scored s JOIN class ON class.name IN (s.base_label, s.candidate_label)
    LEFT JOIN cluster k ON k.track = $track AND k.ref = s.ref
    WHERE gold <> name AND base_label <> candidate_label GROUP BY ALL),
nets AS (
    SELECT name AS routed_to, count(*) FILTER (WHERE gained > lost) AS gained_clusters,
           count(*) FILTER (WHERE lost > gained) AS lost_clusters,
           sum((gained - lost) ** 2)::BIGINT AS net_squares
    FROM moved GROUP BY name)
SELECT class.name,
       coalesce(any_value(gained_clusters), 0) AS gained_clusters,
       coalesce(any_value(lost_clusters), 0) AS lost_clusters,
       coalesce(any_value(net_squares), 0) AS net_squares,
       count(*) FILTER (WHERE gold <> name) AS negatives,
       count(*) FILTER (WHERE gold <> name AND base_label = name) AS base_false,
       count(*) FILTER (WHERE gold <> name AND candidate_label = name) AS candidate_false,
       count(*) FILTER (WHERE gold <> name AND candidate_label = name AND base_label <> name) AS gained,
       count(*) FILTER (WHERE gold <> name AND candidate_label <> name AND base_label = name) AS lost,
       count(*) FILTER (WHERE base_label = name) AS base_predicted,
       count(*) FILTER (WHERE candidate_label = name) AS candidate_predicted,
       count(*) FILTER (WHERE gold = name AND base_label = name) AS base_true,
       count(*) FILTER (WHERE gold = name AND candidate_label = name) AS candidate_true
FROM scored CROSS JOIN class LEFT JOIN nets ON nets.routed_to = class.name GROUP BY class.name ORDER BY class.name

-- name: transitions
SELECT p.transition, count(*), sum(count(*)) OVER ()::BIGINT FROM intent_pair p
JOIN membership m USING (ref) WHERE m.track = $track AND m.slice = $all GROUP BY p.transition ORDER BY 1

-- name: confusions
WITH scored AS (SELECT p.* FROM intent_pair p JOIN membership m USING (ref) WHERE m.track = $track AND m.slice = $all),
wrong AS (
    SELECT ref, gold, base_label AS predicted, 1 AS base, 0 AS candidate FROM scored WHERE NOT base_correct
    UNION ALL
    SELECT ref, gold, candidate_label, 0, 1 FROM scored WHERE NOT candidate_correct)
SELECT gold || '→' || predicted AS pair, sum(base)::BIGINT AS base, sum(candidate)::BIGINT AS candidate,
       list(DISTINCT ref ORDER BY ref) AS refs, any_value(gold) AS gold, any_value(predicted) AS predicted
FROM wrong GROUP BY ALL ORDER BY sum(candidate) - sum(base) DESC, pair

-- name: predictions
SELECT b.p AS base_p, b.correct AS base_correct, b.logits AS base_logits,
       c.p AS candidate_p, c.correct AS candidate_correct, c.logits AS candidate_logits,
       list_position($labels, e.gold) - 1 AS gold
FROM membership m JOIN example e USING (ref)
JOIN intent_side b ON b.ref = m.ref AND b.side = 'base'
JOIN intent_side c ON c.ref = m.ref AND c.side = 'candidate'
WHERE m.track = $track AND m.slice = $all ORDER BY m.ref

-- name: out_of_scope
SELECT b.p AS base, c.p AS candidate FROM membership m
JOIN intent_side b ON b.ref = m.ref AND b.side = 'base'
JOIN intent_side c ON c.ref = m.ref AND c.side = 'candidate'
WHERE m.track = $track AND m.slice = $name ORDER BY m.ref

-- name: families_of_variants
SELECT DISTINCT operation, source, target, cue, population FROM intent_variant
WHERE operation <> 'signal' ORDER BY ALL

-- name: effects_of_variants
SELECT e.parent_ref AS text, coalesce(k.cluster, e.parent_ref) AS cluster, v.term, v.base_p - v.base_plain_p AS base, v.candidate_p - v.candidate_plain_p AS candidate
FROM intent_variant v JOIN example e USING (ref) LEFT JOIN cluster k ON k.track = e.track AND k.ref = e.parent_ref
WHERE v.operation = $operation AND v.source = $source AND v.target = $target AND v.cue = $cue
  AND v.population = $population ORDER BY v.ref

-- name: texts_that_hold_a_cue
SELECT count(*) FILTER (e.gold = $target), count(*) FILTER (e.gold = $target AND i.ref IS NOT NULL),
       count(*) FILTER (e.gold <> $target), count(*) FILTER (e.gold <> $target AND i.ref IS NOT NULL)
FROM membership m JOIN example e USING (ref)
LEFT JOIN intent_mention i ON i.ref = m.ref AND i.kind = 'cue' AND i.name = $cue
WHERE m.track = $track AND m.slice = $all

-- name: effects_of_signals
SELECT p.ref, coalesce(k.cluster, p.ref) AS cluster, p.signal, p.base_effect AS base, p.candidate_effect AS candidate
FROM intent_signal_probe p JOIN example e USING (ref) LEFT JOIN cluster k ON k.track = e.track AND k.ref = p.ref
WHERE p.target = $target ORDER BY p.ref, p.signal

-- name: judged_attributions
WITH random AS (
    SELECT ref, side, method, avg(correlation) AS randomisation FROM intent_randomisation GROUP BY ALL)
SELECT l.ref, l.side, l.method, l.licensed, r.randomisation,
       CASE WHEN l.decidable AND l.neutral IS NOT false AND l.converged IS NOT false
            THEN l.chance_percentile END AS percentile,
       CASE WHEN l.decidable AND l.neutral IS NOT false AND l.converged IS NOT false
            THEN l.overlap - l.overlap_chance END AS overlap
FROM intent_licensed l JOIN intent_side s ON s.ref = l.ref AND s.side = l.side AND s.label = l.target
LEFT JOIN random r ON r.ref = l.ref AND r.side = l.side AND r.method = l.method
ORDER BY l.ref

-- name: attributed_refs
SELECT DISTINCT ref FROM attribution ORDER BY ref

-- name: judged_slices
SELECT s.slice, list(m.ref ORDER BY m.ref) FROM slice s JOIN membership m USING (slice, track)
WHERE s.track = $track AND (s.critical OR s.kind IN ('all', 'class')) GROUP BY s.slice ORDER BY s.slice

-- name: texts_of_cue_and_class
SELECT DISTINCT i.ref FROM intent_mention i JOIN intent_pair p USING (ref)
WHERE i.kind = 'cue' AND i.name = $cue AND $target IN (p.gold, p.base_label, p.candidate_label) ORDER BY i.ref

-- name: enrichments
SELECT ref, side, enrichment FROM intent_enrichment WHERE cue = $cue AND method = $method ORDER BY ref, side

-- name: flips_reverted
SELECT f.reverts, f.random_rate FROM intent_flip f
JOIN membership m ON m.ref = f.ref AND m.slice = $all AND m.track = $track ORDER BY f.ref
