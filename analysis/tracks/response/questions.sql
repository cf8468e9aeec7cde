-- What a reviewer is asked of a prompt; the run is attached as `evidence`.

-- name: answers
SELECT b.text, c.text FROM evidence.response_side b JOIN evidence.response_side c ON c.ref = b.ref AND c.side = 'candidate'
WHERE b.ref = $ref AND b.side = 'base'
