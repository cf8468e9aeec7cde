-- Which examples of a run are not independent of each other.

-- name: shared
SELECT count(*), count(c.ref), count(DISTINCT c.cluster)
FROM evidence.membership m LEFT JOIN evidence.cluster c ON c.track = m.track AND c.ref = m.ref
WHERE m.track = $track AND m.slice = $slice
