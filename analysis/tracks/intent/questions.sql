-- What a reviewer is asked of a message; the run is attached as `evidence`.

-- name: labels
SELECT b.label, c.label FROM evidence.intent_side b JOIN evidence.intent_side c ON c.ref_key = b.ref_key AND c.side = 'candidate'
WHERE b.ref_key = $key AND b.side = 'base'
