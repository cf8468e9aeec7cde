-- name: texts
SELECT ref, text FROM example WHERE track = 'toy' ORDER BY ref;

-- name: errors_by_slice
SELECT m.slice, list(b.hours - e.gold::DOUBLE ORDER BY e.ref), list(c.hours - e.gold::DOUBLE ORDER BY e.ref)
FROM membership m
JOIN example e USING (ref)
JOIN toy_side b ON b.ref = e.ref AND b.side = 'base'
JOIN toy_side c ON c.ref = e.ref AND c.side = 'candidate'
WHERE m.track = 'toy'
GROUP BY m.slice
ORDER BY m.slice;

-- name: words_of_example
SELECT word, start, "end" FROM evidence.toy_word WHERE ref = $ref ORDER BY start;

-- name: both_estimates
SELECT e.id, b.hours, c.hours
FROM evidence.example e
JOIN evidence.toy_side b ON b.ref = e.ref AND b.side = 'base'
JOIN evidence.toy_side c ON c.ref = e.ref AND c.side = 'candidate'
ORDER BY e.ref;

-- name: words_that_move
SELECT word, count(*) FROM evidence.toy_side WHERE side = 'candidate' AND word <> '' GROUP BY word ORDER BY 2 DESC, 1;

-- name: hours_of_example
SELECT b.hours, c.hours FROM evidence.toy_side b JOIN evidence.toy_side c ON c.ref = b.ref AND c.side = 'candidate'
WHERE b.ref = $ref AND b.side = 'base';

-- name: both_right
SELECT e.ref, e.gold::DOUBLE
FROM example e
JOIN toy_side b ON b.ref = e.ref AND b.side = 'base'
JOIN toy_side c ON c.ref = e.ref AND c.side = 'candidate'
WHERE e.track = 'toy' AND b.hours = e.gold::DOUBLE AND c.hours = e.gold::DOUBLE
ORDER BY e.ref;
