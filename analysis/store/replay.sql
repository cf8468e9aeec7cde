-- Events taken into memory, and what stands of them for one run.

-- name: has_events
SELECT 1 FROM duckdb_tables() WHERE table_name = 'event'

-- name: take
-- Events as a JSON list of their canonical lines; `types` is the type of each column, as `from_json` reads it.
INSERT INTO event BY NAME SELECT unnest(e), $merged AS merged FROM (SELECT unnest(from_json($lines, $types)) AS e)

-- name: forget_uncounted
DELETE FROM uncounted

-- name: take_uncounted
INSERT INTO uncounted SELECT unnest($streams::VARCHAR[])

-- name: counted_once
-- Merged streams that somebody listed had signed when they were merged, by the events of the store's own accounts.
SELECT body ->> '$.stream_id' AS stream_id, max(body ->> '$.signed_by') AS signer FROM event
WHERE kind = 'merge' AND NOT merged AND (body ->> '$.signed_by') IS NOT NULL GROUP BY ALL ORDER BY ALL

-- name: merged_by_events
SELECT DISTINCT body ->> '$.stream_id' AS stream_id FROM event WHERE kind = 'merge' AND NOT merged ORDER BY ALL

-- name: ids
SELECT event_id FROM event WHERE stream_id = $stream

-- name: forget_stream
DELETE FROM event WHERE stream_id = $stream

-- name: kinds
SELECT DISTINCT kind FROM event

-- name: verdicts
SELECT ref, actor, reviewer, "right", cause, note, blind, seconds, critical_slices, labels FROM verdict_of($run) ORDER BY ref, actor

-- name: settlements
SELECT ref, "right", actor, reviewer, actors, said, labels, said_labels FROM settled_of($run) ORDER BY ref

-- name: known_answers
SELECT ref, actor, reviewer, given FROM known_answer_of($run) ORDER BY ref, actor

-- name: repeats
SELECT ref, actor, before, after FROM repeat_of($run) ORDER BY ALL

-- name: findings
SELECT event_id, actor, reviewer, text, gate, refs, severity, ts, evidence FROM finding_live
WHERE run = $run OR models_sha256 = $models ORDER BY lamport, stream_id, seq

-- name: waivers
-- Those that expired come last.
SELECT event_id, actor, reviewer, key, run, value, threshold, reason, expires, ts FROM waiver_live
WHERE run = $run ORDER BY expires < $today, lamport, stream_id, seq

-- name: decisions
SELECT event_id, actor, reviewer, decision, reason, run, ts FROM decision_latest WHERE run = $run

-- name: spans
SELECT ref, side, detector, start, "end", verdict, actor, reviewer FROM span_of($run) ORDER BY ALL

-- name: forget_shown
DELETE FROM shown

-- name: take_shown
INSERT INTO shown SELECT unnest($refs::VARCHAR[]), unnest($digests::VARCHAR[])
