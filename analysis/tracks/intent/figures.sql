-- What the figures of the inspection report show; the run is attached as `evidence`.

-- name: reliability
-- Bins of like numbers of labelled messages, by confidence: how sure a side is, and how often it is right.
WITH one AS (
    SELECT s.side, s.p, s.correct, ntile($bins) OVER (PARTITION BY s.side ORDER BY s.p, s.ref) AS bin
    FROM evidence.intent_side s
    JOIN evidence.membership m ON m.ref = s.ref AND m.track = $track AND m.slice = $all
    WHERE s.correct IS NOT NULL AND isfinite(s.p))
SELECT bin, side, count(*), avg(p), avg(correct::INTEGER) FROM one GROUP BY bin, side ORDER BY bin, side

-- name: risk_coverage
-- Error among the messages that a side is surest of, by the share that is acted on.
WITH one AS (
    SELECT s.side, s.correct, row_number() OVER w AS place, count(*) OVER (PARTITION BY s.side) AS n,
           sum((NOT s.correct)::INTEGER) OVER w AS wrong
    FROM evidence.intent_side s
    JOIN evidence.membership m ON m.ref = s.ref AND m.track = $track AND m.slice = $all
    WHERE s.correct IS NOT NULL AND isfinite(s.p) WINDOW w AS (PARTITION BY s.side ORDER BY s.p DESC, s.ref))
SELECT step, side, max(place), max_by(wrong, place) FROM one
JOIN (SELECT unnest(range(1, $steps + 1)) AS step) t ON place <= ceil(step * n / $steps)
GROUP BY step, side ORDER BY step, side

-- name: drift
-- Cosine of base and candidate by layer, over all and in the critical slices, with what noise alone leaves of it.
SELECT d.slice, d.layer, d.value, d.floor, d.n FROM evidence.intent_drift d
WHERE d.measure = 'cosine' AND d.value IS NOT NULL
    AND (d.slice = $all OR d.slice IN (SELECT slice FROM evidence.slice WHERE track = $track AND critical))
ORDER BY d.slice <> $all, d.slice, d.layer
