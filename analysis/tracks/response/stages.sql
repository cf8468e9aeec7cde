-- What the stages of the response track plan their shards from.

-- name: prompts_by_length
SELECT ref, text, sha256 FROM example WHERE track = $track AND kind = 'prompt' ORDER BY length(text), ref

-- name: prompts_with_text
SELECT ref, text, sha256 FROM example WHERE track = $track AND kind = 'prompt' ORDER BY ref

-- name: served
SELECT ref, text, logp FROM response_served ORDER BY ref

-- name: prompts
SELECT ref FROM example WHERE track = $track AND kind = 'prompt' ORDER BY ref

-- name: answered
-- An answer that is missing on one side is there to be judged, too.
SELECT b.ref, b.text = c.text AND b.ended <> 'missing' AND c.ended <> 'missing' FROM response_side b
JOIN response_side c ON c.ref = b.ref AND c.side = 'candidate'
WHERE b.side = 'base' AND (b.ended <> 'missing' OR c.ended <> 'missing') ORDER BY b.ref

-- name: leads
SELECT name, leads FROM response_behaviour WHERE len(leads) > 0 ORDER BY place

-- name: outcomes
SELECT ref, side, detector, score FROM response_outcome WHERE list_contains($leads::VARCHAR[], detector)
ORDER BY ref, side, detector

-- name: labels
-- What is known of answers: what people agreed on of these very texts, else what was recorded; who was not sure says
-- nothing.
WITH said AS (
    SELECT t.ref, t.side, t.answer FROM taught t
    JOIN response_side r ON r.ref = t.ref AND r.side = t.side AND sha256(r.text) = t.sha256
    WHERE t.track = $track AND t.name = $behaviour),
recorded AS (
    SELECT l.ref, l.side, max(l.answer) AS answer FROM response_label l
    WHERE l.behaviour = $behaviour AND l.answer <> 'unsure' GROUP BY l.ref, l.side)
SELECT * FROM said
UNION ALL
SELECT r.* FROM recorded r ANTI JOIN said s ON s.ref = r.ref AND s.side = r.side
ORDER BY ref, side

-- name: samples
SELECT number, ref, side, text FROM response_sample WHERE ref IN (SELECT unnest($refs::VARCHAR[]))
ORDER BY ref, side, number

-- name: selected_responses
SELECT ref, r.side, e.text, r.text FROM response_side r JOIN example e USING (ref) JOIN selected USING (ref)
WHERE e.track = $track AND r.ended <> 'missing' AND r.text <> '' ORDER BY length(r.text), ref, r.side

-- name: spans_to_explain
-- A span over the whole response says that something is missing in it, and no words of it say why.
WITH span AS (
    SELECT DISTINCT h.ref, h.detector, h.start, h."end" FROM response_hit h JOIN selected USING (ref)
    WHERE h.side = 'candidate' AND h."end" > h.start),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY ref, detector ORDER BY start, "end") AS place FROM span)
SELECT s.ref, s.detector, s.start, s."end", e.text, r.text
FROM ranked s JOIN example e USING (ref) JOIN response_side r USING (ref)
WHERE r.side = 'candidate' AND NOT (s.start = 0 AND s."end" = length(r.text))
QUALIFY row_number() OVER (PARTITION BY s.ref ORDER BY s.place, s.detector) <= $most
ORDER BY s.ref, s.start, s."end", s.detector

-- name: flagged_prompts
-- Newly flagged ones first, then those that most detectors flag.
SELECT ref FROM response_outcome o JOIN selected USING (ref)
WHERE detector IN (SELECT unnest($detectors::VARCHAR[])) AND side = 'candidate' AND hits > 0
GROUP BY ref
ORDER BY count(*) FILTER (NOT EXISTS (
    SELECT 1 FROM response_outcome b
    WHERE b.ref = o.ref AND b.detector = o.detector AND b.side = 'base' AND b.hits > 0)) DESC, count(*) DESC, ref
LIMIT $most

-- name: token_changes
-- A piece inside a word is told from the word that it spells; names of tokens are the tokenizer's own and tell both.
WITH response AS (
    SELECT t.*, r.text FROM response_token t JOIN response_side r USING (ref, side)
    WHERE t.side = 'base' OR r.text NOT IN (
        SELECT b.text FROM response_side b WHERE b.ref = t.ref AND b.side = 'base')),
position AS (
    SELECT ref, text, unnest(tokens) AS name, unnest(starts) AS first, unnest(ends) AS last,
        unnest(candidate_logp)::DOUBLE - unnest(base_logp)::DOUBLE AS change
    FROM response),
named AS (
    SELECT ref, name, change, first = 0 OR regexp_matches(substring(text, first, 2), '^\s|^.\s') AS begins,
        trim(substring(text, first + 1, last - first)) AS piece
    FROM position WHERE isfinite(change)),
frequent AS (
    SELECT name, avg(change) AS mean, min(if(begins, '', '…') || piece) AS token
    FROM named WHERE piece <> '' GROUP BY name
    HAVING count(*) >= $positions AND count(DISTINCT ref) >= $prompts
    ORDER BY mean DESC, name LIMIT $tried)
SELECT n.name, f.token, n.ref, n.change FROM named n JOIN frequent f USING (name)
WHERE f.mean > 0 ORDER BY n.name, n.ref, n.change
