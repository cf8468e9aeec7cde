-- A scope is one source of (ref_key, place), narrowed by some of the conditions; what is asked of it stands last. Places
-- are all different.

-- name: queued
SELECT ref_key, place FROM queue

-- name: everything
SELECT ref_key, ref_key AS place FROM evidence.example WHERE kind <> 'variant'

-- name: named
SELECT unnest($keys::INTEGER[]) AS ref_key, generate_subscripts($keys::INTEGER[], 1) AS place

-- name: of_track
b.ref_key IN (SELECT e.ref_key FROM evidence.example e WHERE e.track = $track)

-- name: of_slice
b.ref_key IN (SELECT m.ref_key FROM evidence.membership m WHERE m.slice = $slice)

-- name: of_slice_and_track
b.ref_key IN (SELECT m.ref_key FROM evidence.membership m WHERE m.slice = $slice AND m.track = $track)

-- name: of_gate
b.ref_key IN (SELECT f.ref_key FROM evidence.flag f WHERE f.gate = $gate)

-- name: of_reason
b.ref_key IN (SELECT f.ref_key FROM evidence.flag f WHERE f.reason = $reason)

-- name: containing
-- As texts are read. What is not found in a text or an id as it is stands in `searched`, if anywhere; a title of plain
-- characters, without anything that could be a mark or an entity, is read as it is.
b.ref_key IN (
    SELECT e.ref_key FROM evidence.example e
    WHERE contains(e.text, $search) OR contains(e.text, $written) OR contains(e.id, $written)
    UNION ALL
    SELECT f.ref_key FROM evidence.searched f WHERE contains(f.form, $search) OR contains(f.form, $written)
    UNION ALL
    SELECT t.ref_key FROM titled t
    WHERE contains(CASE WHEN regexp_matches(t.title, '[^ -~\s]|[&<>*_`~#|]') THEN search_form(t.title)
                        ELSE lower(t.title) END, $search))

-- name: undecided
b.ref_key NOT IN (SELECT k.ref_key FROM answered JOIN keyed k USING (ref) WHERE actor = $actor)

-- name: of_must
b.ref_key IN (SELECT q.ref_key FROM queue q WHERE q.part <> 'worth a look')

-- name: of_part
b.ref_key IN (SELECT q.ref_key FROM queue q WHERE q.part = $part)

-- name: scoped
SELECT b.ref_key, b.place FROM ({source}) b WHERE {conditions}

-- name: count
SELECT count(*) FROM ({scoped})

-- name: page
WITH p AS (SELECT ref_key, place FROM ({scoped}) ORDER BY place LIMIT $limit OFFSET $offset)
SELECT e.ref, p.ref_key, e.id, q.rank, e.text, e.gold, q.reasons, q.part, a.ref IS NOT NULL AS answered, v."right",
       c.slices AS critical_slices, e.kind, (SELECT min(t.title) FROM titled t WHERE t.ref_key = p.ref_key) AS title
FROM p JOIN evidence.example e ON e.ref_key = p.ref_key LEFT JOIN queue q ON q.ref_key = p.ref_key
LEFT JOIN critical c ON c.ref_key = p.ref_key LEFT JOIN verdict_now v ON v.ref = e.ref AND v.actor = $reader
LEFT JOIN answered a ON a.ref = e.ref AND a.actor = $reader
ORDER BY p.place

-- name: place
-- The place of an example, also of one that the conditions leave out.
SELECT place FROM ({source}) WHERE ref_key = $key

-- name: ref
SELECT ref FROM evidence.packed WHERE ref_key = $key

-- name: first
SELECT ref_key FROM ({scoped}) ORDER BY place LIMIT 1

-- name: last
SELECT ref_key FROM ({scoped}) ORDER BY place DESC LIMIT 1

-- name: next
SELECT ref_key FROM ({scoped}) WHERE place > $place ORDER BY place LIMIT 1

-- name: previous
SELECT ref_key FROM ({scoped}) WHERE place < $place ORDER BY place DESC LIMIT 1

-- name: position
SELECT count(*) FILTER (place < $place), bool_or(place = $place) FROM ({scoped})
