-- What the queue and the choice of examples for costly stages are made of, from the workbench.

-- name: examples
SELECT ref FROM example WHERE track = $track AND kind <> 'variant' ORDER BY ref

-- name: critical_members
SELECT slice, list(m.ref) FROM membership m JOIN slice s USING (slice, track)
WHERE track = $track AND s.critical GROUP BY slice ORDER BY slice

-- name: groups
-- The gold label of each example; a variant has its parent's.
SELECT e.ref, coalesce(e.gold, p.gold, '') FROM example e LEFT JOIN example p ON p.ref = e.parent_ref
WHERE e.track = $track

-- name: members
SELECT ref FROM membership WHERE track = $track AND slice = $slice
