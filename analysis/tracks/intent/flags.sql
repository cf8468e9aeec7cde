-- Why a message needs a person: each query gives ref, key of the gate, value, and what fills the places in its reason.

-- name: broken_critical
SELECT p.ref, CASE WHEN s.kind = 'class' THEN 'intent.critical_recall[' || p.gold || ']'
                   ELSE 'intent.slices[' || s.slice || ']' END, -margin_change
FROM intent_pair p JOIN membership m USING (ref)
JOIN slice s ON s.slice = m.slice AND s.track = m.track AND s.critical
WHERE p.transition = 'broken' ORDER BY p.candidate_p DESC, p.ref, s.slice

-- name: contested_critical
-- What the sides answer differently in a critical slice where more of it stands open than the tolerance allows.
SELECT c.ref, CASE WHEN c.measure = 'routing' THEN 'intent.critical_routing[' || substr(s.slice, strpos(s.slice, '=') + 1) || ']'
                   WHEN s.kind = 'class' THEN 'intent.critical_recall[' || substr(s.slice, strpos(s.slice, '=') + 1) || ']'
                   ELSE 'intent.slices[' || s.slice || ']' END AS gate, NULL
FROM contested c JOIN slice s ON s.slice = c.slice AND s.track = c.track AND s.critical
WHERE c.track = 'intent'
QUALIFY count(*) OVER (PARTITION BY c.measure, c.slice)
    > CASE c.measure WHEN 'routing' THEN greatest($few_sent, $crowding * s.n) ELSE greatest(1, $tolerated * s.n) END
ORDER BY c.ref, gate

-- name: moved_by_cue
WITH dependent AS (
    SELECT DISTINCT slice FROM metric
    WHERE side = 'candidate' AND low > 0
      AND ((name = 'relevance_own_other' AND n >= $least_other AND value > $shift_other)
           OR (name = 'relevance_own_critical' AND n >= $least_critical AND value > $shift_critical))),
moved AS (
    SELECT ref, target || '/' || cue AS key, candidate_p - candidate_plain_p AS rise,
           base_p - base_plain_p AS base_rise
    FROM intent_variant WHERE operation = 'insert' AND source = 'lexicon')
SELECT ref, 'intent.relevance[' || key || ']', rise FROM moved
WHERE (rise >= $moved AND rise > base_rise) OR (rise > 0 AND key IN (SELECT slice FROM dependent))
QUALIFY row_number() OVER (PARTITION BY key ORDER BY rise DESC, ref) <= $cues
ORDER BY rise DESC, ref

-- name: moved_by_found_cue
-- Where the candidate moves most beyond the base, in the direction that the search found.
WITH moved AS (
    SELECT v.ref, v.target || '/' || v.cue AS key,
           CASE f.direction WHEN 'fall' THEN -1 ELSE 1 END
               * ((v.candidate_p - v.candidate_plain_p) - (v.base_p - v.base_plain_p)) AS change
    FROM intent_variant v
    JOIN (SELECT DISTINCT target, name, direction FROM intent_found_cue) f ON f.target = v.target AND f.name = v.cue
    WHERE v.source = 'found')
SELECT ref, 'intent.relevance[' || key || ']', change FROM moved WHERE change > 0
QUALIFY row_number() OVER (PARTITION BY key ORDER BY change DESC, ref) <= $found_cues ORDER BY change DESC, ref

-- name: suppressed_by_cue
WITH suppressing AS (
    SELECT DISTINCT slice FROM metric
    WHERE side = 'candidate' AND high < 0
      AND ((name = 'relevance_own_other' AND n >= $least_other AND value < -$shift_other)
           OR (name = 'relevance_own_critical' AND n >= $least_critical AND value < -$shift_critical))),
moved AS (
    SELECT ref, target || '/' || cue AS key, candidate_plain_p - candidate_p AS fall
    FROM intent_variant WHERE operation = 'insert' AND source = 'lexicon')
SELECT ref, 'intent.relevance[' || key || ']', -fall FROM moved
WHERE fall > 0 AND key IN (SELECT slice FROM suppressing)
QUALIFY row_number() OVER (PARTITION BY key ORDER BY fall DESC, ref) <= $cues
ORDER BY fall DESC, ref

-- name: explained_by_cue
SELECT l.ref, 'intent.relevance[' || l.target || '/' || l.cue || ']', l.enrichment
FROM intent_leaning l WHERE l.enrichment >= $leans AND l.fall >= $drops ORDER BY l.fall DESC, l.ref

-- name: weighed_by_cue
-- Where attribution leans on a cue and no text falls without it, a person must still have somewhere to look.
SELECT l.ref, 'intent.relevance[' || l.target || '/' || l.cue || ']', l.enrichment
FROM intent_leaning l WHERE l.enrichment >= $leans
QUALIFY coalesce(max(l.fall) OVER (PARTITION BY l.target, l.cue), 0) < $drops
    AND row_number() OVER (PARTITION BY l.target, l.cue ORDER BY l.enrichment DESC, l.ref) <= $weighed
ORDER BY l.enrichment DESC, l.ref

-- name: probes_without_numbers
SELECT ref, 'intent.relevance[' || target || '/' || cue || ']', NULL FROM intent_variant
WHERE operation = 'insert' AND source = 'lexicon' AND base_p + candidate_p IS NULL
QUALIFY row_number() OVER (PARTITION BY target, cue ORDER BY ref) <= $cues ORDER BY ref

-- name: lost_signals
WITH lost AS (
    SELECT c.slice FROM metric c
    JOIN metric b ON b.slice = c.slice AND b.name = c.name AND b.side = 'base' AND b.low > 0
    JOIN metric d ON d.slice = c.slice AND d.name = c.name AND d.side = 'difference' AND d.high < 0
    WHERE c.name = 'signal_effect' AND c.side = 'candidate' AND c.value < $share_of_base * b.value)
SELECT ref, 'intent.signals[' || target || ']', min(candidate_effect - base_effect) AS fall
FROM intent_signal_probe WHERE target IN (SELECT slice FROM lost) AND candidate_effect < base_effect
GROUP BY ref, target
QUALIFY row_number() OVER (PARTITION BY target ORDER BY fall, ref) <= $cues ORDER BY fall, ref

-- name: routed_kept
SELECT p.ref, 'intent.critical_routing[' || p.candidate_label || ']', p.candidate_p, p.candidate_label,
       row_number() OVER (PARTITION BY p.candidate_label ORDER BY p.candidate_p DESC, p.ref) AS place
FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all
WHERE p.candidate_label IN (SELECT unnest($critical::VARCHAR[])) AND p.gold <> p.candidate_label
  AND p.base_label <> p.candidate_label
QUALIFY place <= $kept ORDER BY p.candidate_p DESC, p.ref

-- name: routed_beyond
SELECT p.ref, 'intent.critical_routing[' || p.candidate_label || ']', p.candidate_p, p.candidate_label,
       row_number() OVER (PARTITION BY p.candidate_label ORDER BY p.candidate_p DESC, p.ref) AS place
FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all
WHERE p.candidate_label IN (SELECT unnest($critical::VARCHAR[])) AND p.gold <> p.candidate_label
  AND p.base_label <> p.candidate_label
QUALIFY place > $kept ORDER BY p.candidate_p DESC, p.ref

-- name: routed_wrongly
-- What the assistant newly acts on wrongly; nothing where no threshold is declared.
SELECT p.ref, 'intent.threshold', p.candidate_p FROM intent_pair p
JOIN membership m ON m.ref = p.ref AND m.slice = $all
WHERE NOT p.candidate_correct AND p.candidate_p >= $threshold::DOUBLE
  AND (p.base_correct OR p.base_p < $threshold::DOUBLE) ORDER BY p.candidate_p DESC, p.ref

-- name: broken
SELECT p.ref, 'intent.accuracy', p.candidate_p FROM intent_pair p
JOIN membership m ON m.ref = p.ref AND m.slice = $all
WHERE p.transition = 'broken' ORDER BY p.candidate_p DESC, p.ref

-- name: flips
SELECT p.ref, NULL, abs(p.margin_change) FROM intent_pair p
JOIN membership m ON m.ref = p.ref AND m.slice = $all
WHERE p.flipped AND p.transition IS DISTINCT FROM 'broken'
ORDER BY p.transition = 'fixed', abs(p.margin_change) DESC, p.ref

-- name: flips_not_reverted
SELECT f.ref, NULL, p.candidate_p FROM intent_flip f JOIN intent_pair p USING (ref)
WHERE NOT f.reverts ORDER BY p.candidate_p DESC, f.ref

-- name: overconfident_errors
SELECT p.ref, 'intent.overconfidence', p.candidate_p FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all
WHERE NOT p.candidate_correct AND p.candidate_p >= $confident ORDER BY p.candidate_p DESC, p.ref

-- name: margin_cliffs
SELECT p.ref, NULL, p.margin_change FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all
WHERE p.transition = 'both_right' AND p.margin_change <= -$cliff ORDER BY p.margin_change, p.ref

-- name: largest_movers
-- Messages that moved far beyond the others in the last layer (Tukey's outer fence), and beyond the noise; few.
WITH last AS (
    SELECT s.ref, 1 - s.cosine[-1] AS moved FROM intent_shift s JOIN membership m ON m.ref = s.ref AND m.slice = $all
    WHERE s.cosine[-1] IS NOT NULL),
fence AS (
    SELECT quantile_cont(moved, 0.75) + 3 * (quantile_cont(moved, 0.75) - quantile_cont(moved, 0.25)) AS outer_fence
    FROM last HAVING count(*) >= $movers_from),
noise AS (
    SELECT 1 - floor AS noise FROM intent_drift WHERE slice = $all AND measure = 'cosine' AND floor IS NOT NULL
    QUALIFY row_number() OVER (ORDER BY layer DESC) = 1)
SELECT ref, NULL, moved FROM last, fence, noise WHERE moved > outer_fence AND moved > noise
ORDER BY moved DESC, ref LIMIT $movers
