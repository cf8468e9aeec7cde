-- What is read of the maps of a run, which is attached as `evidence`.

-- name: metrics
SELECT * FROM evidence.metric WHERE track = $track AND starts_with(name, 'map_') ORDER BY name, side

-- name: summaries
SELECT method, drawn, why, items, of_items, k, rearranged, parameters FROM evidence.retrieval_map_quality ORDER BY method

-- name: points
SELECT m.ref, coalesce(i.title, e.id), m.base_x, m.base_y, m.candidate_x, m.candidate_y
FROM evidence.retrieval_map m JOIN evidence.example e USING (ref)
LEFT JOIN evidence.retrieval_item i USING (ref) WHERE m.method = $method ORDER BY m.ref

-- name: attributes
SELECT attribute, bool_or(wanted) AS wanted FROM evidence.retrieval_attribute GROUP BY attribute
ORDER BY wanted DESC, attribute

-- name: moved_attributes
-- As above, those whose grouping changed most first: wanted ones by their lift, others beyond what the wanted explain.
SELECT a.attribute, bool_or(a.wanted) AS wanted FROM evidence.retrieval_attribute a
LEFT JOIN evidence.metric m ON m.slice = a.attribute AND m.track = $track AND m.side = 'difference'
    AND m.name = if(a.wanted, 'grouping_lift', 'grouping_conditional_lift')
GROUP BY a.attribute ORDER BY wanted DESC, max(abs(m.value)) DESC NULLS LAST, a.attribute

-- name: values
-- Of each item with an attribute: its most frequent label, or the quarter that its number lies in.
WITH one AS (SELECT ref, kind, labels, number FROM evidence.retrieval_attribute WHERE attribute = $attribute),
label AS (SELECT ref, unnest(labels) AS label FROM one WHERE kind <> 'numeric'),
size AS (SELECT label, count(*) AS n FROM label GROUP BY label),
chosen AS (
    SELECT ref, label FROM label JOIN size USING (label)
    QUALIFY row_number() OVER (PARTITION BY ref ORDER BY n DESC, label) = 1),
quarter AS (SELECT ref, ntile(4) OVER (ORDER BY number) AS place FROM one WHERE number IS NOT NULL)
SELECT ref, label, NULL AS place FROM chosen UNION ALL SELECT ref, NULL, place FROM quarter ORDER BY ref

-- name: neighbours
SELECT side, neighbours[1:$k] FROM evidence.retrieval_side WHERE ref = $ref

-- name: item_attributes
SELECT attribute, wanted, CASE WHEN kind = 'numeric' THEN format('{:g}', number) ELSE array_to_string(labels, ', ') END
FROM evidence.retrieval_attribute WHERE ref = $ref ORDER BY wanted DESC, attribute

-- name: most_moved
SELECT s.ref, coalesce(i.title, e.id), s.overlap FROM evidence.retrieval_shift s
JOIN evidence.example e USING (ref) LEFT JOIN evidence.retrieval_item i USING (ref)
WHERE s.overlap IS NOT NULL ORDER BY s.overlap, s.ref LIMIT $limit
