-- What a live question needs of the run, which is attached as `evidence`.

-- name: example
SELECT s.side, s.label, e.text FROM evidence.intent_side s JOIN evidence.example e USING (ref) WHERE s.ref = $ref

-- name: take_tests
-- The tests of one answer, into the tables of a run that has nothing else.
INSERT INTO intent_licence BY NAME SELECT * FROM incoming

-- name: licences
SELECT * FROM intent_licensed ORDER BY method, target, side

-- name: chosen_options
SELECT DISTINCT method, half, option FROM evidence.intent_option WHERE chosen ORDER BY ALL
