-- What the probes did to base and candidate; the run is attached as `evidence`.

-- name: diffs
WITH family AS (
    SELECT v.target, v.cue, v.operation, v.source, v.population, count(*) AS variants,
           count(DISTINCT e.parent_ref) AS texts
    FROM evidence.intent_variant v JOIN evidence.example e USING (ref) GROUP BY ALL),
named AS (
    SELECT *, CASE operation
                  WHEN 'signal' THEN 'signal_effect'
                  WHEN 'remove' THEN 'relevance_removed_' || population
                  WHEN 'swap' THEN 'relevance_swapped_' || population
                  ELSE CASE source WHEN 'held out' THEN 'relevance_held_out_' WHEN 'neutral' THEN 'relevance_neutral_'
                                   WHEN 'found' THEN 'relevance_found_'
                                   ELSE 'relevance_own_' END || population END AS name
    FROM family)
SELECT n.target, n.cue, n.operation, n.source, n.population, n.texts, n.variants,
       m.name, m.slice, m.side, m.value, m.low, m.high, m.n, m.status, m.why, m.method
FROM named n
LEFT JOIN evidence.metric m ON m.track = $track AND m.name = n.name AND m.slice = n.target || '/' || n.cue
ORDER BY n.target, n.cue, n.operation, n.source, n.population, m.side

-- name: cases
SELECT v.ref, e.parent_ref, e.text, v.start, v."end", v.term,
       v.base_plain_p, v.base_p, v.candidate_plain_p, v.candidate_p
FROM evidence.intent_variant v JOIN evidence.example e USING (ref)
WHERE v.target = $target AND v.cue = $cue AND v.operation = $operation
  AND ($source IS NULL OR v.source = $source) AND ($population IS NULL OR v.population = $population)
ORDER BY v.base_p + v.base_plain_p + v.candidate_p + v.candidate_plain_p IS NULL DESC,
         CASE v.operation WHEN 'remove' THEN -1 ELSE 1 END * (v.candidate_p - v.candidate_plain_p) DESC,
         v.candidate_p DESC, v.ref
LIMIT $limit
