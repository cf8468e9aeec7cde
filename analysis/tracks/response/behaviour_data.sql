-- What the gates of behaviours need of a run, as plain data.

-- name: populations
-- Prompts that both sides answered and on which a behaviour counts, by judged slice, in the drawn order; `lead` is how much
-- more its leads see a fault of the candidate's answer, 0 where they do not read both. A prompt that is a known-answer item
-- is none of them where it needs a label: it is asked otherwise, and never gets one.
WITH judged AS (
    SELECT $all AS slice UNION SELECT slice FROM slice WHERE track = $track AND critical),
recorded AS (
    SELECT ref, behaviour FROM response_label GROUP BY ref, behaviour HAVING count(DISTINCT side) = 2),
asked_otherwise AS (
    SELECT r.ref, r.behaviour FROM known_answer k
    JOIN response_role r ON r.ref = k.ref
    JOIN response_behaviour b ON b.name = r.behaviour AND len(b.any_of) = 0
    JOIN response_drawn d ON d.ref = k.ref AND NOT d.same
    ANTI JOIN recorded c ON c.ref = r.ref AND c.behaviour = r.behaviour
    WHERE k.track = $track),
unlabelled AS (
    SELECT * FROM asked_otherwise
    UNION
    SELECT a.ref, b.name FROM response_behaviour b JOIN asked_otherwise a ON list_contains(b.any_of, a.behaviour))
SELECT r.behaviour, j.slice, list(d.ref ORDER BY d.place) AS refs,
       list(coalesce(p.candidate_fault - p.base_fault, 0.0) ORDER BY d.place) AS leads
FROM response_role r
JOIN response_drawn d ON d.ref = r.ref
JOIN membership m ON m.ref = r.ref AND m.track = $track
JOIN judged j ON j.slice = m.slice
LEFT JOIN response_pair p ON p.ref = r.ref AND p.behaviour = r.behaviour
ANTI JOIN unlabelled u ON u.ref = r.ref AND u.behaviour = r.behaviour
GROUP BY r.behaviour, j.slice ORDER BY r.behaviour, j.slice

-- name: prompts
SELECT d.ref, d.same, abs(c.words - b.words) <= 0.2 * greatest(b.words, c.words) AS matched,
       map_from_entries(list((r.behaviour, r.role) ORDER BY r.behaviour)) AS roles
FROM response_drawn d
JOIN response_role r ON r.ref = d.ref
JOIN response_side b ON b.ref = d.ref AND b.side = 'base'
JOIN response_side c ON c.ref = d.ref AND c.side = 'candidate'
WHERE d.ref IN (SELECT unnest($refs::VARCHAR[]))
GROUP BY d.ref, d.same, matched ORDER BY d.ref

-- name: recorded
SELECT ref, behaviour, max(answer) FILTER (side = 'base') AS base, max(answer) FILTER (side = 'candidate') AS candidate
FROM response_label WHERE ref IN (SELECT unnest($refs::VARCHAR[])) GROUP BY ref, behaviour ORDER BY ref, behaviour

-- name: recorded_count
SELECT count(DISTINCT ref) FROM response_label

-- name: found
-- Where the leads of a strict behaviour see a fault on one side only.
WITH judged AS (
    SELECT $all AS slice UNION SELECT slice FROM slice WHERE track = $track AND critical)
SELECT p.behaviour, j.slice, p.ref, p.candidate_hit FROM response_pair p
JOIN response_behaviour b ON b.name = p.behaviour AND b.strict
JOIN membership m ON m.ref = p.ref AND m.track = $track
JOIN judged j ON j.slice = m.slice
WHERE p.base_hit <> p.candidate_hit ORDER BY p.behaviour, j.slice, p.candidate_hit DESC, p.ref

-- name: spans
-- The spans by which the leads of each behaviour point at an answer.
SELECT ref, behaviour, list([side, detector, start::VARCHAR, "end"::VARCHAR] ORDER BY side, start, "end", detector)
FROM response_behaviour_span WHERE ref IN (SELECT unnest($refs::VARCHAR[])) GROUP BY ref, behaviour ORDER BY ref, behaviour

-- name: lead_hits
SELECT p.ref, p.behaviour, p.base_hit, p.candidate_hit FROM response_pair p
WHERE p.ref IN (SELECT unnest($refs::VARCHAR[])) ORDER BY p.ref, p.behaviour
