-- What the console shows with a message, from the run attached as `evidence`.

-- name: floors
SELECT layer, floor FROM evidence.intent_drift WHERE slice = $all AND measure = 'cosine'

-- name: drift
SELECT d.slice, s.critical, d.layer, d.candidate_layer, d.measure, d.n, d.value, d.low, d.high, d.floor, d.moved, d.why
FROM evidence.intent_drift d JOIN evidence.slice s ON s.slice = d.slice AND s.track = $track
ORDER BY d.slice <> $all, NOT s.critical, d.slice, d.layer, d.measure

-- name: recorded
SELECT count(*) AS classes FROM evidence.intent_class

-- name: layer_probes
SELECT * FROM evidence.intent_layer_probe ORDER BY layer, side
