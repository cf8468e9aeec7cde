-- The search for undeclared cues: what it is planned from, what it tried, and what it found.

-- name: texts
SELECT e.ref, e.text, e.gold, e.sha256 FROM example e JOIN membership m USING (ref)
WHERE m.track = $track AND m.slice = $all ORDER BY e.ref

-- name: trials
SELECT target, direction, kind, term, base, candidate, p FROM intent_cue_trial ORDER BY target, direction, p, kind, term

-- name: found
SELECT f.target, f.name, f.direction, f.kind, f.cue_kind, f.term, t.refs
FROM intent_found_cue f JOIN intent_cue_trial t
  ON t.target = f.target AND t.direction = f.direction AND t.kind = f.cue_kind AND t.term = f.term
ORDER BY f.target, length(f.name), f.name, f.place

-- name: not_searched
SELECT target, direction, status, why,
       EXISTS (FROM intent_cue_search o WHERE o.target = s.target AND o.status = 'ok') AS in_part
FROM intent_cue_search s WHERE thorough AND status <> 'ok' ORDER BY target, direction DESC

-- name: searched
-- Of a published run, attached as `evidence`.
SELECT count(DISTINCT target) FILTER (thorough), count(DISTINCT target), sum(tried)::INTEGER
FROM evidence.intent_cue_search WHERE status = 'ok'
