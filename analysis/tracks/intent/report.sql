-- What the inspection report says of the track; the run is attached as `evidence`.

-- name: improved_slices
SELECT d.slice, d.value, d.low, d.high, d.n, b.value, f.value, any_value(s.critical)
FROM evidence.metric d
JOIN evidence.metric b ON b.track = d.track AND b.slice = d.slice AND b.name = 'broken'
JOIN evidence.metric f ON f.track = d.track AND f.slice = d.slice AND f.name = 'fixed'
JOIN evidence.slice s ON s.track = d.track AND s.slice = d.slice AND s.kind NOT IN ('all', 'confusion')
WHERE d.track = $track AND d.name = 'accuracy' AND d.side = 'difference' AND d.value > 0
GROUP BY ALL ORDER BY d.value DESC, d.slice LIMIT $shown

-- name: regressed_slices
SELECT d.slice, d.value, d.low, d.high, d.n, b.value, f.value, any_value(s.critical)
FROM evidence.metric d
JOIN evidence.metric b ON b.track = d.track AND b.slice = d.slice AND b.name = 'broken'
JOIN evidence.metric f ON f.track = d.track AND f.slice = d.slice AND f.name = 'fixed'
JOIN evidence.slice s ON s.track = d.track AND s.slice = d.slice AND s.kind NOT IN ('all', 'confusion')
WHERE d.track = $track AND d.name = 'accuracy' AND d.side = 'difference' AND d.value < 0
GROUP BY ALL ORDER BY d.value ASC, d.slice LIMIT $shown

-- name: top_words
WITH word AS (
    SELECT a.side, a.method, nfc_normalize(lower(e.text[a.starts[i] + 1 : a.ends[i]])) AS word, a.scores[i] AS score
    FROM evidence.attribution a JOIN evidence.example e USING (ref),
         unnest(generate_series(1, len(a.scores))) AS t(i)
    WHERE a.status = 'ok' AND a.target = $target AND e.kind <> 'variant' AND a.scores[i] > 0)
SELECT side, word, count(*) AS texts, sum(score) AS total
FROM word WHERE method = $method GROUP BY side, word
QUALIFY row_number() OVER (PARTITION BY side ORDER BY total DESC, word) <= $shown ORDER BY side, total DESC, word

-- name: cut_texts
SELECT count(DISTINCT c.ref), any_value(c.tokens_read), count(*) FILTER (c.side = 'base'),
       count(*) FILTER (c.side = 'candidate')
FROM evidence.intent_cut c JOIN evidence.membership m ON m.ref = c.ref AND m.track = $track AND m.slice = $all

-- name: risk_coverage
SELECT b.threshold, b.messages, b.routed, b.wrong, c.routed, c.wrong
FROM evidence.intent_risk_coverage b JOIN evidence.intent_risk_coverage c USING (threshold)
WHERE b.side = 'base' AND c.side = 'candidate' ORDER BY b.threshold

-- name: labelled_controls
-- What the labels of the data say of the random controls.
SELECT p.ref, p.base_correct, p.candidate_correct FROM evidence.intent_pair p
WHERE p.gold IS NOT NULL AND p.ref IN (SELECT ref FROM evidence.flag WHERE control) ORDER BY p.ref

-- name: change
SELECT * FROM evidence.intent_change

-- name: moved_slices
-- Slices whose last layer is clear of the noise, the whole first, then those that moved most.
SELECT slice, value, n FROM evidence.intent_drift WHERE measure = 'cosine' AND moved
    AND layer = (SELECT max(layer) FROM evidence.intent_drift)
ORDER BY slice <> $all, value, slice LIMIT $shown
