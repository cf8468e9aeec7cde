-- What is said of the choice by cross-fitting; the run is attached as `evidence`.

-- name: options
SELECT b.method, coalesce(m.title, b.method) AS method_title, b.half, b.option, b.title, b.texts, b.usable, b.ranked,
       b.percentile AS base, c.percentile AS candidate, b.chosen
FROM evidence.intent_option b
JOIN evidence.intent_option c ON c.method = b.method AND c.half = b.half AND c.option = b.option AND c.side = 'candidate'
LEFT JOIN evidence.attribution_method m ON m.track = $track AND m.name = b.method
WHERE b.side = 'base'
ORDER BY m.place, b.method, b.half, least(b.percentile, c.percentile) DESC NULLS LAST, b.option
