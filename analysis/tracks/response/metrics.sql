-- What the metrics of the response track are computed from.

-- name: endings
SELECT side, count(*), count(*) FILTER (ended = 'length'), count(*) FILTER (ended = 'missing'),
    count(*) FILTER (ended <> 'missing' AND trim(text) = '')
FROM response_side GROUP BY side

-- name: qualities
SELECT name, quality FROM response_detector WHERE rated ORDER BY place, name

-- name: rates
-- Detectors that only measure have no rate.
SELECT p.detector, m.slice, coalesce(any_value(s.critical), false) OR m.slice = $all AS whole,
       count(*) AS n,
       count(*) FILTER (base_hit) AS base,
       count(*) FILTER (candidate_hit) AS candidate,
       count(*) FILTER (candidate_hit AND NOT base_hit) AS broken,
       count(*) FILTER (base_hit AND NOT candidate_hit) AS fixed,
       count(*) FILTER (matched) AS matched_n,
       count(*) FILTER (matched AND base_hit) AS matched_base,
       count(*) FILTER (matched AND candidate_hit) AS matched_candidate,
       count(*) FILTER (matched AND candidate_hit AND NOT base_hit) AS matched_broken,
       count(*) FILTER (matched AND base_hit AND NOT candidate_hit) AS matched_fixed
FROM response_pair p JOIN membership m ON m.ref = p.ref AND m.track = $track
LEFT JOIN slice s ON s.slice = m.slice AND s.track = m.track
WHERE p.detector NOT IN (SELECT name FROM response_detector WHERE NOT rated)
GROUP BY p.detector, m.slice ORDER BY p.detector, m.slice

-- name: unread
SELECT d.name, m.slice, count(u.ref) FROM response_detector d
JOIN membership m ON m.track = $track
LEFT JOIN response_unread u ON u.detector = d.name AND u.ref = m.ref AND u.side = 'candidate'
WHERE d.rated GROUP BY d.name, d.place, m.slice ORDER BY d.place, d.name, m.slice

-- name: shares
-- Of one detector: answers with a span of each of the labels that have a share of their own.
WITH pair AS (
    SELECT p.ref, m.slice FROM response_pair p JOIN membership m ON m.ref = p.ref AND m.track = $track
    LEFT JOIN slice s ON s.slice = m.slice AND s.track = m.track
    WHERE p.detector = $detector AND (m.slice = $all OR s.critical)),
labelled AS (
    SELECT DISTINCT ref, side, label FROM span
    WHERE detector = $detector AND label IN (SELECT unnest($labels::VARCHAR[]))),
label AS (SELECT DISTINCT label FROM labelled),
paired AS (
    SELECT l.label, p.slice, b.ref IS NOT NULL AS base, c.ref IS NOT NULL AS candidate
    FROM pair p CROSS JOIN label l
    LEFT JOIN labelled b ON b.ref = p.ref AND b.label = l.label AND b.side = 'base'
    LEFT JOIN labelled c ON c.ref = p.ref AND c.label = l.label AND c.side = 'candidate')
SELECT label, slice, count(*), count(*) FILTER (base), count(*) FILTER (candidate),
       count(*) FILTER (candidate AND NOT base), count(*) FILTER (base AND NOT candidate)
FROM paired GROUP BY label, slice ORDER BY label, slice

-- name: sampled
SELECT o.detector, m.slice, o.ref, o.number,
       coalesce(bool_or(o.hit) FILTER (o.side = 'base'), false) AS base,
       coalesce(bool_or(o.hit) FILTER (o.side = 'candidate'), false) AS candidate
FROM response_sample_outcome o JOIN membership m ON m.ref = o.ref AND m.track = $track
JOIN response_detector d ON d.name = o.detector AND d.rated
LEFT JOIN slice s ON s.slice = m.slice AND s.track = m.track
WHERE m.slice = $all OR s.critical
GROUP BY o.detector, m.slice, o.ref, o.number ORDER BY o.detector, m.slice, o.ref, o.number

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

-- name: new_hits
-- The spans that make each new hit, for the gates and for who judges them.
SELECT p.detector, p.ref, list([h.detector, h.start::VARCHAR, h."end"::VARCHAR] ORDER BY h.start, h."end", h.detector)
FROM response_pair p
LEFT JOIN (
    SELECT detector AS asked, * FROM response_hit
    UNION ALL
    SELECT $hallucination::VARCHAR, * FROM response_invention) h
    ON h.asked = p.detector AND h.ref = p.ref AND h.side = 'candidate'
WHERE p.candidate_hit AND NOT p.base_hit GROUP BY p.detector, p.ref ORDER BY p.detector, p.ref
