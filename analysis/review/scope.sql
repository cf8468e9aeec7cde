-- A scope is one source of (ref, place), narrowed by some of the conditions; what is asked of it stands last.

-- name: queued
SELECT ref, place FROM queue

-- name: everything
SELECT ref, 0 AS place FROM evidence.example WHERE kind <> 'variant'

-- name: named
SELECT r.ref, r.place
FROM (SELECT unnest($refs::VARCHAR[]) AS ref, generate_subscripts($refs::VARCHAR[], 1) AS place) r
JOIN evidence.example e ON e.ref = r.ref

-- name: of_track
EXISTS (SELECT 1 FROM evidence.example e WHERE e.ref = b.ref AND e.track = $track)

-- name: of_slice
b.ref IN (SELECT m.ref FROM evidence.membership m WHERE m.slice = $slice)

-- name: of_slice_and_track
b.ref IN (SELECT m.ref FROM evidence.membership m WHERE m.slice = $slice AND m.track = $track)

-- name: of_gate
b.ref IN (SELECT f.ref FROM evidence.flag f WHERE f.gate = $gate)

-- name: of_reason
b.ref IN (SELECT f.ref FROM evidence.flag f WHERE f.reason = $reason)

-- name: containing
-- As a text is read; one of plain characters, without anything that could be a mark or an entity, is read as it is.
EXISTS (
    SELECT 1 FROM evidence.example e
    WHERE e.ref = b.ref AND (
        contains(CASE WHEN regexp_matches(e.text, '[^ -~\s]|[&<>*_`~#|]') THEN search_form(e.text)
                      ELSE lower(e.text) END, $search)
        OR contains(lower(e.text), $written)
        OR contains(lower(e.id), $written)
        OR e.ref IN (
            SELECT t.ref FROM titled t
            WHERE contains(CASE WHEN regexp_matches(t.title, '[^ -~\s]|[&<>*_`~#|]') THEN search_form(t.title)
                                ELSE lower(t.title) END, $search))))

-- name: undecided
b.ref NOT IN (SELECT ref FROM answered WHERE actor = $actor)

-- name: of_must
b.ref IN (SELECT q.ref FROM queue q WHERE q.part <> 'worth a look')

-- name: of_part
b.ref IN (SELECT q.ref FROM queue q WHERE q.part = $part)

-- name: scoped
SELECT b.ref, b.place FROM ({source}) b WHERE {conditions}

-- name: count
SELECT count(*) FROM ({scoped})

-- name: page
WITH p AS (SELECT ref, place FROM ({scoped}) ORDER BY place, ref LIMIT $limit OFFSET $offset)
SELECT e.ref, e.id, q.rank, e.text, e.gold, q.reasons, q.part, a.ref IS NOT NULL AS answered, v."right",
       c.slices AS critical_slices, e.kind, (SELECT min(t.title) FROM titled t WHERE t.ref = p.ref) AS title
FROM p JOIN evidence.example e ON e.ref = p.ref LEFT JOIN queue q ON q.ref = p.ref
LEFT JOIN critical c ON c.ref = p.ref LEFT JOIN verdict_now v ON v.ref = p.ref AND v.actor = $reader
LEFT JOIN answered a ON a.ref = p.ref AND a.actor = $reader
ORDER BY p.place, p.ref

-- name: place
-- The place of an example, also of one that the conditions leave out.
SELECT place FROM ({source}) WHERE ref = $ref

-- name: first
SELECT ref FROM ({scoped}) ORDER BY place, ref LIMIT 1

-- name: last
SELECT ref FROM ({scoped}) ORDER BY place DESC, ref DESC LIMIT 1

-- name: next
SELECT ref FROM ({scoped}) WHERE (place, ref) > ($place, $ref) ORDER BY place, ref LIMIT 1

-- name: previous
SELECT ref FROM ({scoped}) WHERE (place, ref) < ($place, $ref) ORDER BY place DESC, ref DESC LIMIT 1

-- name: position
SELECT count(*) FILTER ((place, ref) < ($place, $ref)), bool_or(ref = $ref) FROM ({scoped})
