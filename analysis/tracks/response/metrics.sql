-- What the metrics of the response track are computed from.

-- name: endings
SELECT side, count(*), count(*) FILTER (ended = 'length'), count(*) FILTER (ended = 'missing'),
    count(*) FILTER (ended <> 'missing' AND trim(text) = '')
FROM response_side GROUP BY side

-- name: leads
SELECT p.behaviour, m.slice, coalesce(any_value(s.critical), false) OR m.slice = $all AS whole,
       count(*) AS n,
       count(*) FILTER (base_hit) AS base,
       count(*) FILTER (candidate_hit) AS candidate,
       count(*) FILTER (candidate_hit AND NOT base_hit) AS new,
       count(*) FILTER (base_hit AND NOT candidate_hit) AS gone,
       count(*) FILTER (matched) AS matched_n,
       count(*) FILTER (matched AND base_hit) AS matched_base,
       count(*) FILTER (matched AND candidate_hit) AS matched_candidate,
       count(*) FILTER (matched AND candidate_hit AND NOT base_hit) AS matched_new,
       count(*) FILTER (matched AND base_hit AND NOT candidate_hit) AS matched_gone
FROM response_pair p JOIN membership m ON m.ref = p.ref AND m.track = $track
LEFT JOIN slice s ON s.slice = m.slice AND s.track = m.track
GROUP BY p.behaviour, m.slice ORDER BY p.behaviour, m.slice

-- name: unread
SELECT b.name, m.slice, count(u.ref) FROM response_behaviour b
JOIN membership m ON m.track = $track
JOIN response_role r ON r.ref = m.ref AND r.behaviour = b.name
LEFT JOIN response_behaviour_unread u ON u.behaviour = b.name AND u.ref = m.ref AND u.side = 'candidate'
GROUP BY b.name, b.place, m.slice ORDER BY b.place, b.name, m.slice

-- name: sampled
-- What the leads see in each sampled answer: a fault where the behaviour is unwanted and there, or wanted and not.
WITH seen AS (
    SELECT b.name AS behaviour, o.ref, o.number, o.side, (max(o.score) >= 0.5) = (any_value(r.role) = 'unwanted') AS fault
    FROM response_sample_outcome o JOIN response_behaviour b ON list_contains(b.leads, o.detector)
    JOIN response_role r ON r.ref = o.ref AND r.behaviour = b.name
    GROUP BY b.name, o.ref, o.number, o.side)
SELECT o.behaviour, m.slice, o.ref, o.number,
       coalesce(bool_or(o.fault) FILTER (o.side = 'base'), false) AS base,
       coalesce(bool_or(o.fault) FILTER (o.side = 'candidate'), false) AS candidate
FROM seen o JOIN membership m ON m.ref = o.ref AND m.track = $track
LEFT JOIN slice s ON s.slice = m.slice AND s.track = m.track
WHERE m.slice = $all OR s.critical
GROUP BY o.behaviour, m.slice, o.ref, o.number ORDER BY o.behaviour, m.slice, o.ref, o.number

-- name: words
SELECT m.slice, list(b.words ORDER BY b.ref) AS base, list(c.words ORDER BY b.ref) AS candidate,
       coalesce(any_value(s.critical), false) OR m.slice = $all AS whole
FROM membership m
JOIN response_side b ON b.ref = m.ref AND b.side = 'base' AND b.ended <> 'missing'
JOIN response_side c ON c.ref = m.ref AND c.side = 'candidate' AND c.ended <> 'missing'
LEFT JOIN slice s ON s.slice = m.slice AND s.track = m.track
WHERE m.track = $track GROUP BY m.slice ORDER BY m.slice

-- name: votes
SELECT v.ref, v.judge, v.winner, c.words - b.words AS longer,
       abs(c.words - b.words) <= 0.2 * greatest(b.words, c.words) AS alike
FROM response_vote v
LEFT JOIN response_side b ON b.ref = v.ref AND b.side = 'base' AND b.ended <> 'missing'
LEFT JOIN response_side c ON c.ref = v.ref AND c.side = 'candidate' AND c.ended <> 'missing'
ORDER BY v.ref, v.judge

-- name: votes_for_first
-- Each vote as it was cast, before two orders are taken together.
SELECT judge, count(*) FILTER (winner = first), count(*) FILTER (winner <> 'tie')
FROM response_preference WHERE first IS NOT NULL GROUP BY judge ORDER BY judge

-- name: voted_prompts
SELECT m.slice, coalesce(any_value(s.critical), false) OR m.slice = $all, list(DISTINCT m.ref ORDER BY m.ref)
FROM membership m SEMI JOIN response_preference v ON v.ref = m.ref
LEFT JOIN slice s ON s.slice = m.slice AND s.track = m.track
WHERE m.track = $track GROUP BY m.slice ORDER BY m.slice

-- name: artefact
SELECT differs, gap, largest, noise_differs, noise_gap, noise_largest FROM response_artefact WHERE form = $form
ORDER BY ref

-- name: worst
SELECT ref FROM response_artefact WHERE form = $form AND (differs OR gap > 0)
ORDER BY differs DESC, gap DESC NULLS LAST, ref LIMIT $most

-- name: shifts
WITH response AS (
    SELECT ref, side, list_avg(kl::DOUBLE[]) AS kl,
        list_avg(candidate_logp::DOUBLE[]) - list_avg(base_logp::DOUBLE[]) AS logp_change
    FROM response_token WHERE len(tokens) > 0)
SELECT m.slice, r.side, r.kl, r.logp_change, r.ref FROM response r JOIN membership m USING (ref)
WHERE m.track = $track ORDER BY m.slice, r.side, r.ref

-- name: slices
SELECT slice FROM slice WHERE track = $track ORDER BY slice

-- name: prompts_scaled
SELECT coalesce(max(n), 0) FROM response_dose
