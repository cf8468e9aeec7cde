-- What the labels of the data say of the random controls; the run is attached as `evidence`.

-- name: controls
SELECT p.ref, p.base_correct, p.candidate_correct FROM evidence.intent_pair p
WHERE p.gold IS NOT NULL AND p.ref IN (SELECT ref FROM evidence.flag WHERE control) ORDER BY p.ref
