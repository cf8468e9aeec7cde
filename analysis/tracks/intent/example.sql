-- What the console shows with a message, from the run attached as `evidence`.

-- name: shift
WITH placed AS (
    SELECT (unnest(generate_series(0, len(cosine) - 1)))::INTEGER AS layer, unnest(cosine)::DOUBLE AS cosine
    FROM evidence.intent_shift WHERE ref_key = $key)
SELECT p.layer, p.cosine, d.floor FROM placed p
LEFT JOIN evidence.intent_drift d ON d.slice = $all AND d.measure = 'cosine' AND d.layer = p.layer ORDER BY p.layer

-- name: drift
SELECT d.slice, s.critical, d.layer, d.candidate_layer, d.measure, d.n, d.value, d.low, d.high, d.floor, d.moved, d.why
FROM evidence.intent_drift d JOIN evidence.slice s ON s.slice = d.slice AND s.track = $track
WHERE d.slice = $all OR d.slice IN (SELECT unnest($slices::VARCHAR[]))
ORDER BY d.slice <> $all, NOT s.critical, d.slice, d.layer, d.measure

-- name: recorded
SELECT count(*) AS classes FROM evidence.intent_class

-- name: layer_probes
SELECT * FROM evidence.intent_layer_probe ORDER BY layer, side
