-- What prompts with a newly seen fault may share, beside what any examples may.

-- name: behaviours
-- Those that people are asked about: one that is any of others has no examples of its own.
SELECT name FROM response_behaviour WHERE len(any_of) = 0 ORDER BY place

-- name: judged
-- Prompts whose answers leads read for a fault: true where they see it in the candidate's alone, false in the base's alone.
SELECT ref, CASE WHEN candidate_hit <> base_hit THEN candidate_hit END FROM response_pair
WHERE behaviour = $behaviour ORDER BY ref

-- name: answers
SELECT ref, text FROM response_side WHERE side = 'candidate' AND ended <> 'missing' ORDER BY ref
