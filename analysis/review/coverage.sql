-- What is known of a slice, and what its random controls say.

-- name: slice
SELECT s.n, s.track, max(m.value) FILTER (m.name = 'broken') AS broken, max(m.value) FILTER (m.name = 'fixed') AS fixed,
       s.critical
FROM evidence.slice s LEFT JOIN evidence.metric m ON m.track = s.track AND m.slice = s.slice
WHERE s.slice = $slice AND ($track IS NULL OR s.track = $track) GROUP BY s.n, s.track, s.critical ORDER BY s.track

-- name: rest
-- How many examples of a slice are in no critical one: what stands in them has samples of its own.
SELECT count(*) FROM evidence.membership m ANTI JOIN critical c ON c.ref_key = m.ref_key
WHERE m.slice = $slice AND m.track = $track

-- name: controls
-- The controls drawn for a reason that are in a slice.
SELECT f.ref FROM evidence.flag f
WHERE f.control AND f.reason = $reason
  AND f.ref IN (SELECT m.ref FROM evidence.membership m WHERE m.slice = $slice AND m.track = $track) ORDER BY f.ref

-- name: among
-- How many of some examples are in a slice.
SELECT count(DISTINCT m.ref) FROM evidence.membership m
WHERE m.slice = $slice AND m.track = $track AND m.ref IN (SELECT unnest($refs::VARCHAR[]))
