-- What is known of a slice, and what its random controls say.

-- name: slice
SELECT s.n, s.track, max(m.value) FILTER (m.name = 'broken') AS broken, max(m.value) FILTER (m.name = 'fixed') AS fixed,
       s.critical
FROM evidence.slice s LEFT JOIN evidence.metric m ON m.track = s.track AND m.slice = s.slice
WHERE s.slice = $slice AND ($track IS NULL OR s.track = $track) GROUP BY s.n, s.track, s.critical ORDER BY s.track

-- name: rest
-- How many examples of a slice are in no critical one: what stands in them has samples of its own.
SELECT count(*) FROM evidence.membership m ANTI JOIN critical c ON c.ref = m.ref
WHERE m.slice = $slice AND m.track = $track

-- name: controls
-- The controls drawn for a reason that are in a slice: how many there are, how many have no verdict yet, and of how many
-- the candidate's side is wrong, not known to be right, or disputed.
WITH said AS (
    SELECT v.ref, CASE WHEN any_value(s."right") IS NOT NULL THEN any_value(s."right")
                       WHEN count(DISTINCT v."right") = 1 THEN any_value(v."right") ELSE 'unsure' END AS "right"
    FROM verdict_now v LEFT JOIN settled_of($run) s ON s.ref = v.ref GROUP BY v.ref)
SELECT count(*), count(*) FILTER (said.ref IS NULL), count(*) FILTER (said."right" NOT IN ('candidate', 'both'))
FROM evidence.flag f LEFT JOIN said ON said.ref = f.ref
WHERE f.control AND f.reason = $reason
  AND f.ref IN (SELECT m.ref FROM evidence.membership m WHERE m.slice = $slice AND m.track = $track)
