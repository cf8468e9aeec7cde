-- The ledger's own table of events, and what it lacks of the journals.

-- name: heads
SELECT stream_id, events, head FROM head

-- name: hashes
SELECT stream_id, list(hash ORDER BY seq) FROM event GROUP BY stream_id

-- name: later
SELECT * FROM event WHERE stream_id = $stream AND seq > $seq ORDER BY seq

-- name: add
INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
