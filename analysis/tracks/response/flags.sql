-- Why an answer needs a person. Each gives ref, gate, value, and what fills the places in the reason.

-- name: broken_critical
SELECT n.ref, $track || '.' || n.behaviour || '[' || s.slice || ']', n.rise
FROM response_new_hit n JOIN membership m ON m.ref = n.ref AND m.track = $track
JOIN slice s ON s.slice = m.slice AND s.track = m.track AND s.critical
WHERE NOT n.derived
ORDER BY n.place, n.behaviour, n.rise DESC, n.ref, s.slice

-- name: preferred
SELECT ref, $tradeoff, max(rise), arg_min(replace(behaviour, '_', ' '), place) FROM response_new_hit
WHERE strict AND ref IN (
    SELECT ref FROM response_vote GROUP BY ref
    HAVING count(*) FILTER (winner = 'candidate') > count(*) FILTER (winner = 'base'))
GROUP BY ref ORDER BY min(place), max(rise) DESC, ref

-- name: newly_strict
SELECT ref, $track || '.' || behaviour, rise, replace(behaviour, '_', ' ') FROM response_new_hit WHERE strict
ORDER BY place, behaviour, rise DESC, ref

-- name: newly
SELECT ref, $track || '.' || behaviour, rise, replace(behaviour, '_', ' ') FROM response_new_hit
WHERE NOT strict AND NOT derived ORDER BY place, behaviour, rise DESC, ref

-- name: gone_strict
SELECT p.ref, $track || '.' || p.behaviour, p.candidate_fault - p.base_fault, replace(p.behaviour, '_', ' ')
FROM response_pair p JOIN response_behaviour b ON b.name = p.behaviour AND b.strict
WHERE p.base_hit AND NOT p.candidate_hit ORDER BY b.place, p.ref

-- name: least_sure
-- Prompts of which nobody has said anything, and whose answers lie nearest to the border that labels have taught. They
-- are chosen by a score: an estimate rests on the first prompts of the drawn order alone, whatever is labelled besides.
WITH known AS (
    SELECT name AS behaviour, ref, side, answer FROM taught WHERE track = $track
    UNION SELECT behaviour, ref, side, answer FROM response_label),
learned AS (
    SELECT behaviour FROM known GROUP BY behaviour
    HAVING least(count(*) FILTER (answer = 'yes'), count(*) FILTER (answer = 'no')) >= $needed),
doubtful AS (
    SELECT s.ref, s.behaviour, min(abs(s.score - 0.5)) AS off FROM response_score s JOIN learned l USING (behaviour)
    JOIN response_role r ON r.ref = s.ref AND r.behaviour = s.behaviour
    JOIN response_drawn d ON d.ref = s.ref AND NOT d.same
    WHERE (s.ref, s.behaviour) NOT IN (SELECT (ref, behaviour) FROM known)
    GROUP BY s.ref, s.behaviour)
SELECT ref, NULL, off, replace(behaviour, '_', ' ') FROM doubtful WHERE off <= $doubt
ORDER BY off, ref, behaviour LIMIT $per_reason

-- name: unanswered
SELECT c.ref, NULL, NULL
FROM response_side c
JOIN response_side b ON b.ref = c.ref AND b.side = 'base' AND b.words > 0
WHERE c.side = 'candidate' AND c.words = 0 ORDER BY c.ended = 'missing' DESC, c.ref

-- name: unread
-- An answer that no lead reads may do what they look for, unless it is the base's answer.
WITH unread AS (
    SELECT u.ref, u.behaviour, u.why, d.place FROM response_behaviour_unread u
    JOIN response_behaviour d ON d.name = u.behaviour
    JOIN response_role r ON r.ref = u.ref AND r.behaviour = u.behaviour
    JOIN response_side b ON b.ref = u.ref AND b.side = 'base' AND b.ended <> 'missing'
    JOIN response_side c ON c.ref = u.ref AND c.side = u.side
    WHERE u.side = 'candidate' AND c.text <> b.text)
SELECT ref, $track || '.' || behaviour, NULL, why FROM unread ORDER BY place, behaviour, ref

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
    SELECT o.ref, b.name AS behaviour, b.place,
           count(*) FILTER (o.side = 'candidate' AND o.score >= 0.5) - count(*) FILTER (o.side = 'base' AND o.score >= 0.5) AS more
    FROM response_sample_outcome o JOIN response_behaviour b ON list_contains(b.leads, o.detector)
    JOIN response_role r ON r.ref = o.ref AND r.behaviour = b.name AND r.role = 'unwanted'
    GROUP BY o.ref, b.name, b.place)
SELECT c.ref, NULL, max(c.more) AS most FROM counted c
JOIN response_pair p ON p.ref = c.ref AND p.behaviour = c.behaviour AND NOT p.candidate_hit
WHERE c.more >= $least_samples GROUP BY c.ref
ORDER BY min(c.place), most DESC, c.ref LIMIT $per_reason

-- name: shifted
SELECT ref, NULL, max(list_avg(kl)) AS most FROM response_token GROUP BY ref HAVING most >= $least_kl
ORDER BY most DESC, ref LIMIT $per_reason

-- name: lengthened
SELECT b.ref, $length, (c.words - b.words) / greatest(b.words, c.words) AS change
FROM response_side b JOIN response_side c ON c.ref = b.ref AND c.side = 'candidate' AND c.words > 0
WHERE b.side = 'base' AND b.words > 0 AND abs(change) >= $least_length
ORDER BY abs(change) DESC, b.ref LIMIT $per_reason
