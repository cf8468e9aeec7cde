-- What a report reads of a session beside what the session tells.

-- name: attributed
SELECT DISTINCT ref FROM evidence.attribution WHERE ref IN (SELECT unnest($refs::VARCHAR[]))

-- name: events
SELECT * EXCLUDE (merged) FROM event ORDER BY lamport, stream_id, seq
