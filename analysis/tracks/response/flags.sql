-- Why an answer needs a person. Each gives ref, gate, value, and what fills the places in the reason.

-- name: small_critical
-- The gate of a detector and slice is asked about every pair of answers that differ in a slice too small to count.
SELECT p.ref, $track || '.' || p.detector || '[' || s.slice || ']', NULL
FROM response_pair p JOIN membership m ON m.ref = p.ref AND m.track = $track
JOIN slice s ON s.slice = m.slice AND s.track = m.track AND s.critical AND s.n < $min_slice
JOIN response_detector d ON d.name = p.detector AND d.rated
JOIN response_side b ON b.ref = p.ref AND b.side = 'base'
JOIN response_side c ON c.ref = p.ref AND c.side = 'candidate'
WHERE b.text <> c.text
ORDER BY d.place, d.name, p.ref, s.slice

-- name: broken_critical
SELECT n.ref, $track || '.' || n.detector || '[' || s.slice || ']', n.hits
FROM response_new_hit n JOIN membership m ON m.ref = n.ref AND m.track = $track
JOIN slice s ON s.slice = m.slice AND s.track = m.track AND s.critical
ORDER BY n.place, n.detector, n.hits DESC, n.ref, s.slice

-- name: preferred
SELECT ref, $tradeoff, max(hits), arg_min(newly, struct_pack(place := place, name := detector)) FROM response_new_hit
WHERE strict AND ref IN (
    SELECT ref FROM response_vote GROUP BY ref
    HAVING count(*) FILTER (winner = 'candidate') > count(*) FILTER (winner = 'base'))
GROUP BY ref ORDER BY min(struct_pack(place := place, name := detector)), max(hits) DESC, ref

-- name: newly_strict
SELECT ref, $track || '.' || detector, hits, newly FROM response_new_hit WHERE strict
ORDER BY place, detector, hits DESC, ref

-- name: newly
SELECT ref, $track || '.' || detector, hits, newly FROM response_new_hit WHERE NOT strict
ORDER BY place, detector, hits DESC, ref

-- name: unanswered
SELECT c.ref,
       (SELECT $track || '.' || name FROM response_detector WHERE rated AND unanswered ORDER BY place, name LIMIT 1),
       NULL
FROM response_side c
JOIN response_side b ON b.ref = c.ref AND b.side = 'base' AND b.words > 0
WHERE c.side = 'candidate' AND c.words = 0 ORDER BY c.ended = 'missing' DESC, c.ref

-- name: unread
-- An answer in a language that a detector does not read may do what it looks for, unless it is the base's answer.
WITH unread AS (
    SELECT u.ref, u.detector, u.language, d.place FROM response_unread u
    JOIN response_detector d ON d.name = u.detector AND d.rated
    JOIN response_side b ON b.ref = u.ref AND b.side = 'base' AND b.ended <> 'missing'
    JOIN response_side c ON c.ref = u.ref AND c.side = u.side
    WHERE u.side = 'candidate' AND c.text <> b.text),
place AS (
    SELECT ref, NULL AS slice FROM unread
    UNION
    SELECT m.ref, s.slice FROM membership m
    JOIN slice s ON s.slice = m.slice AND s.track = m.track AND s.critical WHERE m.track = $track)
SELECT u.ref, $track || '.' || u.detector || coalesce('[' || p.slice || ']', ''), NULL, u.language
FROM unread u JOIN place p USING (ref) ORDER BY u.place, u.detector, u.ref, p.slice NULLS FIRST

-- name: artefact
-- The worst prompts of a form that is further from the candidate than rounding moves it.
WITH beyond AS (
    SELECT form FROM response_artefact GROUP BY form
    HAVING avg(differs::INTEGER) > greatest($least_answers, (
            SELECT 1 - pow(1 - n.high, $times) FROM metric n
            WHERE n.track = $track AND n.name = 'artefact_answers' AND n.slice = form AND n.side = 'base'))
        OR avg(gap) > greatest($least_gap, $times * avg(noise_gap) FILTER (gap IS NOT NULL))
        OR max(largest) > greatest($least_largest, $times * max(noise_largest) FILTER (gap IS NOT NULL)))
SELECT ref, $artefact || '[' || form || ']', gap,
       CASE WHEN differs THEN 'answered differently' ELSE 'with other probabilities' END || ' once ' || form
FROM response_artefact JOIN beyond USING (form)
WHERE differs OR gap > greatest($least_gap, $times * noise_gap)
QUALIFY row_number() OVER (PARTITION BY form ORDER BY differs DESC, gap DESC NULLS LAST, ref) <= $per_reason
ORDER BY form, differs DESC, gap DESC NULLS LAST, ref

-- name: sampled
WITH counted AS (
    SELECT o.ref, o.detector, d.place,
           count(*) FILTER (o.side = 'candidate' AND o.hit) - count(*) FILTER (o.side = 'base' AND o.hit) AS more
    FROM response_sample_outcome o JOIN response_detector d ON d.name = o.detector AND d.rated
    GROUP BY o.ref, o.detector, d.place)
SELECT c.ref, NULL, max(c.more) AS most FROM counted c
JOIN response_pair p ON p.ref = c.ref AND p.detector = c.detector AND NOT p.candidate_hit
WHERE c.more >= $least_samples GROUP BY c.ref
ORDER BY min(struct_pack(place := c.place, name := c.detector)), most DESC, c.ref LIMIT $per_reason

-- name: shifted
SELECT ref, NULL, max(list_avg(kl)) AS most FROM response_token GROUP BY ref HAVING most >= $least_kl
ORDER BY most DESC, ref LIMIT $per_reason

-- name: lengthened
SELECT b.ref, $length, (c.words - b.words) / greatest(b.words, c.words) AS change
FROM response_side b JOIN response_side c ON c.ref = b.ref AND c.side = 'candidate' AND c.words > 0
WHERE b.side = 'base' AND b.words > 0 AND abs(change) >= $least_length
ORDER BY abs(change) DESC, b.ref LIMIT $per_reason
