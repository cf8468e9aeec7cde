-- The flips that the search for where the change lives is made on, and what the probes of the layers are fitted on.

-- name: flips_to_graft
-- Broken messages first, then the others, each in the order of their hashes.
SELECT p.ref, p.text, e.sha256, p.base_label, p.candidate_label, coalesce(p.transition = 'broken', false) AS broken
FROM intent_pair p JOIN example e USING (ref) JOIN membership m ON m.ref = p.ref AND m.slice = $all
WHERE m.track = $track AND p.flipped AND p.base_label <> $unknown AND p.candidate_label <> $unknown
ORDER BY broken DESC, sha256($seed || '/' || p.ref), p.ref

-- name: labelled_messages
SELECT e.ref, e.gold FROM example e JOIN membership m ON m.ref = e.ref AND m.track = $track AND m.slice = $all
WHERE e.gold IS NOT NULL ORDER BY sha256($seed || '/' || e.ref), e.ref
