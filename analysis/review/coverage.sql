-- What is known of a slice, and what its random controls say.

-- name: slice
SELECT s.n, s.track, max(m.value) FILTER (m.name = 'broken') AS broken, max(m.value) FILTER (m.name = 'fixed') AS fixed
FROM evidence.slice s LEFT JOIN evidence.metric m ON m.track = s.track AND m.slice = s.slice
WHERE s.slice = $slice AND ($track IS NULL OR s.track = $track) GROUP BY s.n, s.track ORDER BY s.track

-- name: controls
-- Judged random controls of a slice, and how many of them anybody called unacceptable.
WITH judged AS (
    SELECT v.ref,
           coalesce(any_value(s.verdict),
                    CASE WHEN bool_or(v.verdict = 'unacceptable') THEN 'unacceptable'
                         WHEN bool_and(v.verdict = 'acceptable') THEN 'acceptable' END) AS verdict
    FROM verdict_now v LEFT JOIN settled_of($run) s ON s.ref = v.ref GROUP BY v.ref)
SELECT count(*), count(*) FILTER (j.verdict = 'unacceptable') FROM judged j
WHERE j.verdict IN ('acceptable', 'unacceptable')
  AND j.ref IN (SELECT f.ref FROM evidence.flag f WHERE f.control)
  AND j.ref IN (SELECT m.ref FROM evidence.membership m WHERE m.slice = $slice AND m.track = $track)
