-- What the figures of the inspection report show; the run is attached as `evidence`.

-- name: lengths
SELECT side, words FROM evidence.response_side WHERE ended <> 'missing' ORDER BY side, words

-- name: doses
SELECT d.scale, d.detector, d.rate, d.low, d.high, d.n FROM evidence.response_dose d
JOIN evidence.response_detector t ON t.name = d.detector ORDER BY t.place, d.detector, d.scale
