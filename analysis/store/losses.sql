-- What is there of the streams that are known, and which losses were accepted.

-- name: lengths
SELECT stream_id, events FROM head

-- name: ends
SELECT stream_id, head FROM head

-- name: hashes_at
WITH asked AS (SELECT DISTINCT unnest($streams::VARCHAR[]) AS stream_id, unnest($numbers::BIGINT[]) AS seq)
SELECT stream_id, seq, hash FROM event JOIN asked USING (stream_id, seq)

-- name: merged_ends
-- Where each stream stood when somebody of this store merged it, and in which journal that stands.
SELECT body ->> '$.stream_id' AS stream_id, CAST(body ->> '$.events' AS BIGINT) AS events, body ->> '$.head' AS head,
       stream_id AS witness
FROM event WHERE kind = 'merge' AND NOT merged ORDER BY ALL

-- name: accepted
SELECT actor, reviewer, ts, body FROM heard WHERE kind = 'accept_loss' AND NOT merged ORDER BY lamport, stream_id, seq
