-- What prompts with a newly seen fault may share, beside what any examples may.

-- name: behaviours
-- With the behaviours of which each is any, itself where it is none of others. Those that are any of others come first:
-- what their examples share stands for the examples of the parts, too.
SELECT name, if(len(any_of) > 0, any_of, [name]) FROM response_behaviour ORDER BY len(any_of) = 0, place

-- name: seen
-- What the leads of a behaviour see of a side's answers: whether they are at fault.
SELECT f.ref, f.fault >= 0.5 FROM response_fault f JOIN response_side r ON r.ref = f.ref AND r.side = f.side
WHERE f.behaviour = $behaviour AND f.side = $side AND r.ended <> 'missing' ORDER BY f.ref

-- name: roles
-- Where a behaviour counts, and as what, of prompts that the side answered.
SELECT o.ref, o.role FROM response_role o JOIN response_side r ON r.ref = o.ref AND r.side = $side
WHERE o.behaviour = $behaviour AND r.ended <> 'missing' ORDER BY o.ref

-- name: answers
SELECT ref, text FROM response_side WHERE side = 'candidate' AND ended <> 'missing' ORDER BY ref
