-- What the search for where the change lives is made on: probes and hard negatives, and the items that they are asked of.


-- name: flips_to_graft
-- One of those that are not independent of each other: what got worse first, then the others, by their hashes.
WITH one AS (
    SELECT DISTINCT ON (c.cluster) c.ref, c.gold > 0 AS broken, sha256($seed || '/' || c.ref) AS draw FROM contested c
    WHERE c.track = $track AND c.slice = $all ORDER BY c.cluster, c.gold > 0 DESC, sha256($seed || '/' || c.ref))
SELECT o.ref, e.text, e.sha256, o.broken, h.positive_ref, h.negative_ref,
       coalesce(list_sort(r.items), []) AS relevant
FROM one o JOIN example e USING (ref) LEFT JOIN retrieval_hard_negative h USING (ref)
LEFT JOIN (SELECT ref, list(item_ref) AS items FROM retrieval_relevance GROUP BY ref) r USING (ref)
ORDER BY o.broken DESC, o.draw, o.ref LIMIT $most

-- name: listed
-- What either side lists for some queries.
SELECT ref, list_sort(list_distinct(flatten(list(neighbours[1:$k])))) AS items FROM retrieval_side
WHERE list_contains($refs, ref) GROUP BY ref

-- name: items_by_draw
SELECT e.ref, e.text, e.sha256, coalesce(i.duplicate_of, e.ref) AS title FROM retrieval_item i JOIN example e USING (ref)
ORDER BY sha256($seed || '/' || e.ref), e.ref
