-- What the stages read of the workbench, where evidence.sql and schema.sql lie.

-- name: example_count
SELECT count(*) FROM example WHERE track = $track AND kind = $kind

-- name: item_count
SELECT count(*) FROM retrieval_item

-- name: pair_count
SELECT count(*) FROM retrieval_hard_negative

-- name: vector_count
SELECT count(*) FROM retrieval_vector

-- name: members
SELECT s.slice, list(e.ref ORDER BY e.ref) FROM slice s
JOIN membership m ON m.slice = s.slice AND m.track = s.track
JOIN example e ON e.ref = m.ref AND e.kind = $kind
WHERE s.track = $track GROUP BY s.slice ORDER BY s.slice

-- name: critical_slices
SELECT slice FROM slice WHERE track = $track AND critical ORDER BY slice

-- name: relevant_items
SELECT ref, list(item_ref ORDER BY item_ref) FROM retrieval_relevance GROUP BY ref

-- name: duplicates
SELECT ref, duplicate_of FROM retrieval_item WHERE duplicate_of IS NOT NULL

-- name: pairs
SELECT h.ref, coalesce(e.parent_ref, e.ref), h.positive_ref, h.negative_ref
FROM retrieval_hard_negative h JOIN example e USING (ref) WHERE e.track = $track ORDER BY h.ref

-- name: clusters
-- What each query, or pair of a query, belongs to: those that are nearly the same, and pairs of one probe.
SELECT e.ref, coalesce(k.cluster, e.parent_ref, e.ref) FROM example e
LEFT JOIN cluster k ON k.track = e.track AND k.ref = e.ref WHERE e.track = $track AND e.kind = $kind

-- name: pairs_of_probes
SELECT ref, parent_ref FROM example
WHERE track = $track AND kind = 'pair' AND parent_ref IS NOT NULL ORDER BY ref

-- name: texts
-- Texts of like length together, and equal ones beside each other. The text of a pair that belongs to a probe is the
-- probe's; variants are encoded where there are encoders.
SELECT ref, kind, id, text, sha256 FROM example
WHERE track = $track AND (kind <> 'pair' OR parent_ref IS NULL) AND (kind <> 'variant' OR $variants)
ORDER BY kind IN ('query', 'pair'), length(text), text, ref

-- name: titles
SELECT e.ref, coalesce(i.title, e.id) FROM example e JOIN retrieval_item i USING (ref)

-- name: vectors
SELECT v.ref, v.base, v.candidate FROM retrieval_vector v JOIN example e USING (ref)
WHERE list_contains($kinds, e.kind) ORDER BY v.ref

-- name: attributes
SELECT ref, attribute, wanted, kind, labels, number FROM retrieval_attribute ORDER BY rowid

-- name: neighbours
-- Of the refs in the registered table `incoming`.
SELECT neighbours FROM retrieval_side JOIN incoming USING (ref) WHERE side = $side ORDER BY ref

-- name: items_with_attribute
SELECT e.ref, e.text, i.title, a.kind, a.labels, a.number
FROM retrieval_attribute a JOIN example e USING (ref) LEFT JOIN retrieval_item i USING (ref)
WHERE a.attribute = $attribute ORDER BY e.ref

-- name: make_edit_plan
-- Edits wait in temporary tables from the stage that makes variants to the one that measures what they do.
CREATE OR REPLACE TEMP TABLE edit_plan (
    ref VARCHAR, item_ref VARCHAR, donor VARCHAR, attribute VARCHAR, old VARCHAR, "new" VARCHAR)

-- name: make_edit_why
CREATE OR REPLACE TEMP TABLE edit_why (attribute VARCHAR, why VARCHAR)

-- name: fill_edit_plan
INSERT INTO edit_plan BY NAME SELECT * FROM incoming

-- name: fill_edit_why
INSERT INTO edit_why BY NAME SELECT * FROM incoming

-- name: edit_plan
SELECT ref, item_ref, donor, attribute, old, "new" FROM edit_plan ORDER BY ref

-- name: edit_why
SELECT attribute, why FROM edit_why
