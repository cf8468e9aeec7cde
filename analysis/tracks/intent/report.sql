-- What the inspection report says of the track; the run is attached as `evidence`.

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

-- name: moved_slices
-- Slices whose last layer is clear of the noise, the whole first, then those that moved most.
SELECT slice, value, n FROM evidence.intent_drift WHERE measure = 'cosine' AND moved
    AND layer = (SELECT max(layer) FROM evidence.intent_drift)
ORDER BY slice <> $all, value, slice LIMIT $shown
