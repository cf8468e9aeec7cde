-- What is shown with a prompt of the run, which is attached as `evidence`, with the events beside it.

-- name: detectors
SELECT name, kind, title, languages, against FROM evidence.response_detector ORDER BY place, name

-- name: behaviours
SELECT b.name, b.question, r.role, b.strict, b.leads, b.any_of FROM evidence.response_behaviour b
JOIN evidence.response_role r ON r.behaviour = b.name AND r.ref_key = $key ORDER BY b.place

-- name: labels
SELECT behaviour, side, answer, source FROM evidence.response_label WHERE ref_key = $key ORDER BY ALL

-- name: spans
-- What counts comes first, the candidate's before the base's, then in order of reading.
SELECT s.side, s.detector, s.start, s."end", s.label, s.why, h.ref IS NOT NULL AS counts
FROM evidence.span s
LEFT JOIN (SELECT DISTINCT * FROM evidence.response_hit WHERE ref_key = $key) h
    ON h.side = s.side AND h.detector = s.detector AND h.start = s.start AND h."end" = s."end" AND h.label = s.label
WHERE s.ref_key = $key
ORDER BY counts DESC, s.side = 'candidate' DESC, s.start, s."end" DESC, s.detector, s.label, s.why

-- name: judged
SELECT side, detector, start, "end", verdict, actor, reviewer
FROM span_of((SELECT value FROM evidence.meta WHERE key = 'run')) WHERE ref = $ref ORDER BY ALL

-- name: turns
SELECT role, text, start, "end" FROM evidence.response_turn WHERE ref_key = $key ORDER BY position

-- name: passages
SELECT position, passage_id, text FROM evidence.response_passage WHERE ref_key = $key ORDER BY position

-- name: expected
SELECT expects FROM evidence.response_expected WHERE ref_key = $key ORDER BY expects

-- name: votes
SELECT judge, winner FROM evidence.response_vote WHERE ref = $ref ORDER BY judge, winner

-- name: said
-- What the detectors that check against something say of the answers, or of those stretches of them that a text holds.
SELECT string_agg(s.why, chr(10) ORDER BY s.why) FROM evidence.span s
JOIN evidence.response_side r ON r.ref_key = s.ref_key AND r.side = s.side
WHERE s.ref_key = $key AND s.detector IN (SELECT name FROM evidence.response_detector WHERE against = $against)
  AND ($within::VARCHAR IS NULL OR contains($within::VARCHAR, substring(r.text, s.start + 1, s."end" - s.start)))
HAVING count(*) > 0

-- name: catalogue
-- A row of the catalogue is named by its id, as a whole word, in what was said of a claim or a spoiler, or by its
-- whole title after `of`.
WITH said AS (SELECT $words::VARCHAR AS words)
SELECT c.* FROM evidence.response_catalogue c CROSS JOIN said s
WHERE (contains(s.words, c.id)
       AND regexp_matches(s.words, '(^|[^\pL\pN_])' || regexp_escape(c.id) || '($|[^\pL\pN_])'))
   OR (contains(s.words, ' of ' || c.title)
       AND regexp_matches(s.words, ' of ' || regexp_escape(c.title) || '($|[:;,\n]| [(])'))
ORDER BY strpos(s.words, c.title) = 0, strpos(s.words, c.title), c.id LIMIT $most

-- name: prompt
-- All turns of a prompt that has any, else its text.
SELECT coalesce((SELECT string_agg(text, chr(10) ORDER BY position) FROM evidence.response_turn WHERE ref_key = $key), text)
FROM evidence.example WHERE ref_key = $key

-- name: asked_against
-- What the leads of the behaviours that count on a prompt check against.
SELECT DISTINCT d.against FROM evidence.response_behaviour b
JOIN evidence.response_role r ON r.behaviour = b.name AND r.ref_key = $key
JOIN evidence.response_detector d ON list_contains(b.leads, d.name) WHERE d.against <> ''

-- name: has_catalogue
SELECT id FROM evidence.response_catalogue LIMIT 1

-- name: titles_in
-- Rows of the catalogue whose title, or another name of it, a text holds somewhere, whatever the case.
SELECT * FROM evidence.response_catalogue
WHERE contains($text, lower(title)) OR len(list_filter(aliases, lambda one: contains($text, lower(one)))) > 0 ORDER BY id

-- name: policy
SELECT * FROM evidence.response_promise ORDER BY about, text

-- name: promises
-- The promises of policy that speak of the matter of a claim; all of them where none is named.
WITH said AS (SELECT lower($words::VARCHAR) AS words),
named AS (SELECT p.*, contains(s.words, lower(p.about)) OR contains(s.words, lower(p.text)) AS hit
          FROM evidence.response_promise p CROSS JOIN said s WHERE s.words IS NOT NULL)
SELECT * EXCLUDE (hit) FROM named WHERE hit OR NOT (SELECT bool_or(hit) FROM named) ORDER BY about, text

-- name: rates
-- `behaviour` is the one whose leads a metric counts, and NULL for all others.
WITH mine AS (
    SELECT $all AS slice, false AS critical
    UNION
    SELECT m.slice, s.critical FROM evidence.membership m
    JOIN evidence.slice s ON s.slice = m.slice AND s.track = m.track
    WHERE m.ref_key = $key AND m.track = $track AND m.slice <> $all)
SELECT e.name, e.slice, e.side, e.value, e.low, e.high, e.n, e.status, e.why, e.method, mine.critical, b.name AS behaviour
FROM evidence.metric e JOIN mine ON mine.slice = e.slice
LEFT JOIN evidence.response_behaviour b ON e.name = b.name || '_leads'
WHERE e.track = $track
ORDER BY mine.critical DESC, e.slice = $all, e.slice, b.place NULLS LAST, e.name, e.side

-- name: deployed
SELECT form, candidate, deployed, differs, gap, noise_gap FROM evidence.response_artefact
WHERE ref_key = $key AND differs ORDER BY form

-- name: upweighted
SELECT * FROM evidence.response_odds WHERE change > 0 ORDER BY low DESC, change DESC, token LIMIT $most

-- name: dose
SELECT * FROM evidence.response_dose ORDER BY detector, scale
