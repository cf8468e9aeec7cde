-- What messages that changed for the worse may share, beside what any examples may.

-- name: mentions
SELECT name, list(DISTINCT ref ORDER BY ref) FROM intent_mention WHERE kind = 'cue' GROUP BY name ORDER BY name

-- name: destinations
-- What broke on its way to a class, and what the base sends there: how much of everything would go there by itself.
SELECT c.label, list(p.ref ORDER BY p.ref) FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all AND m.track = $track
JOIN (SELECT DISTINCT label FROM intent_side WHERE side = 'base') c
    ON c.label = CASE WHEN p.transition = 'broken' THEN p.candidate_label ELSE p.base_label END
GROUP BY c.label ORDER BY c.label

-- name: confidence
SELECT ref, base_p FROM intent_pair JOIN membership m USING (ref)
WHERE m.slice = $all AND m.track = $track AND isfinite(base_p) ORDER BY ref

-- name: went
SELECT p.ref, p.gold, p.candidate_label FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all AND m.track = $track
WHERE p.flipped ORDER BY p.ref

-- name: reverted
-- Whether a flip goes back to the base's class by the smallest change of its text that was found.
SELECT ref, bool_or(reverts) FROM intent_intervention WHERE kind <> 'graft' GROUP BY ref ORDER BY ref

-- name: effects
SELECT * FROM metric WHERE track = $track AND starts_with(name, 'relevance_')

-- name: moved_where_it_stands
-- Messages that hold the cue and that the candidate alone sends to the class (way 1), or no longer sends there (-1), and
-- whether they go back to the base's class without it; NULL where that was not tried.
SELECT p.ref, CASE WHEN v.ref IS NULL THEN NULL ELSE w.label = p.base_label END AS reverted
FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all AND m.track = $track
JOIN intent_mention i ON i.ref = p.ref AND i.kind = 'cue' AND i.name = $cue
LEFT JOIN (intent_variant v JOIN example e ON e.ref = v.ref)
    ON e.parent_ref = p.ref AND v.operation = 'remove' AND v.cue = $cue AND v.target = $target
LEFT JOIN intent_side w ON w.ref = v.ref AND w.side = 'candidate'
WHERE p.flipped AND $target = CASE WHEN $way > 0 THEN p.candidate_label ELSE p.base_label END
  AND (w.label IS NULL OR w.label <> p.candidate_label)
ORDER BY p.gold = $target, p.candidate_p DESC, p.ref

-- name: moved_by_insertion
-- Texts with the cue inserted that the candidate then sends to the class (or no longer), and the base does not.
SELECT v.ref FROM intent_variant v JOIN example e ON e.ref = v.ref
JOIN intent_side c ON c.ref = v.ref AND c.side = 'candidate' JOIN intent_side b ON b.ref = v.ref AND b.side = 'base'
JOIN intent_side plain ON plain.ref = e.parent_ref AND plain.side = 'candidate'
WHERE v.operation = 'insert' AND v.source = 'lexicon' AND v.cue = $cue AND v.target = $target
  AND ((c.label = $target) <> (plain.label = $target)) AND (c.label = $target) = ($way > 0)
  AND (b.label = $target) <> (c.label = $target)
ORDER BY abs(v.candidate_p - v.candidate_plain_p) DESC, v.ref

-- name: sent_by_insertion
-- Of the texts of other classes that something was inserted into: how many the candidate sends to the class then and not
-- before, the same of the base, and of the candidate with a neutral phrase.
SELECT count(*) FILTER (v.source = 'lexicon'),
       count(*) FILTER (v.source = 'lexicon' AND c.label = $target AND pc.label <> $target),
       count(*) FILTER (v.source = 'lexicon' AND b.label = $target AND pb.label <> $target),
       count(*) FILTER (v.source = 'neutral'),
       count(*) FILTER (v.source = 'neutral' AND c.label = $target AND pc.label <> $target)
FROM intent_variant v JOIN example e ON e.ref = v.ref
JOIN intent_side c ON c.ref = v.ref AND c.side = 'candidate' JOIN intent_side b ON b.ref = v.ref AND b.side = 'base'
JOIN intent_side pc ON pc.ref = e.parent_ref AND pc.side = 'candidate'
JOIN intent_side pb ON pb.ref = e.parent_ref AND pb.side = 'base'
WHERE v.operation = 'insert' AND v.target = $target AND v.population = 'other'
  AND (v.source = 'neutral' OR (v.source = 'lexicon' AND v.cue = $cue))

-- name: signals_under_cue
-- Of the texts whose signals were deleted, how many hold the cue.
SELECT count(DISTINCT p.ref), count(DISTINCT p.ref) FILTER (i.ref IS NOT NULL)
FROM intent_signal_probe p LEFT JOIN intent_mention i ON i.ref = p.ref AND i.kind = 'cue' AND i.name = $cue
WHERE p.target = $target
