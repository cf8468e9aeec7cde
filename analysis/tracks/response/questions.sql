-- What a reviewer is asked of a prompt; the run is attached as `evidence`.

-- name: answers
SELECT b.text, c.text FROM evidence.response_side b JOIN evidence.response_side c ON c.ref_key = b.ref_key AND c.side = 'candidate'
WHERE b.ref_key = $key AND b.side = 'base'

-- name: asks
-- With what its leads check against: who answers checks against the same.
SELECT b.name, b.question, r.role = 'wanted' AS wanted,
       (SELECT coalesce(list(DISTINCT d.against ORDER BY d.against), []) FROM evidence.response_detector d
        WHERE d.against <> '' AND list_contains(b.leads, d.name)) AS against
FROM evidence.response_behaviour b
JOIN evidence.response_role r ON r.behaviour = b.name AND r.ref_key = $key
WHERE len(b.any_of) = 0 ORDER BY b.place

-- name: texts
SELECT ref, side, sha256(text) FROM evidence.response_side WHERE ended <> 'missing' ORDER BY ref, side
