-- What a live question needs of the run, which is attached as `evidence`.

-- name: kind
SELECT kind, parent_ref FROM evidence.example WHERE ref = $ref

-- name: items
SELECT v.ref, v.base, v.candidate FROM evidence.retrieval_vector v JOIN evidence.example e USING (ref)
WHERE e.kind = 'item' ORDER BY v.ref

-- name: titles
SELECT e.ref, coalesce(i.title, e.id) FROM evidence.example e LEFT JOIN evidence.retrieval_item i USING (ref)
WHERE e.ref IN (SELECT unnest($refs::VARCHAR[])) ORDER BY e.ref
