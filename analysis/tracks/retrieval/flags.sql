-- Why a probe, pair or item needs a person: each query gives ref, gate, value. Those that make temporary tables are
-- executed before the others.

-- name: make_critical_probe
-- The probes of each critical slice that name a relevant item; `known` is how many there are.
CREATE OR REPLACE TEMP TABLE critical_probe AS
SELECT s.slice, p.ref, p.base_recall, p.candidate_recall, count(*) OVER (PARTITION BY s.slice) AS known
FROM slice s JOIN membership m ON m.slice = s.slice AND m.track = s.track
JOIN retrieval_probe p ON p.ref = m.ref
WHERE s.track = $track AND s.critical AND p.base_recall IS NOT NULL

-- name: make_moved_item
-- Gained (1) and lost (-1) items of each probe and item whose list changed, each with the attributes in which it
-- shares a label with what it is compared with: the item itself; of a probe the relevant items or, where none is
-- named, what both sides answer. Numbers share the quarter of the items that they lie in.
CREATE OR REPLACE TEMP TABLE moved_item AS
WITH label AS (
    SELECT ref, attribute, wanted, unnest(labels) AS label FROM retrieval_attribute WHERE kind <> 'numeric'
    UNION ALL
    SELECT ref, attribute, wanted,
           least(floor(4 * percent_rank() OVER (PARTITION BY attribute ORDER BY number)), 3)::VARCHAR
    FROM retrieval_attribute WHERE kind = 'numeric'),
anchor AS (
    SELECT ref, ref AS item FROM retrieval_shift
    UNION ALL SELECT ref, item_ref FROM retrieval_relevance
    UNION ALL
    SELECT ref, unnest(kept) FROM retrieval_probe WHERE ref NOT IN (SELECT ref FROM retrieval_relevance)),
standard AS (SELECT DISTINCT a.ref, l.attribute, l.wanted, l.label FROM anchor a JOIN label l ON l.ref = a.item),
listed AS (
    SELECT ref, overlap, gained, lost FROM retrieval_shift WHERE overlap < 1
    UNION ALL SELECT ref, overlap, gained, lost FROM retrieval_probe WHERE overlap < 1),
moved AS (
    SELECT ref, unnest(gained) AS item, 1 AS sign FROM listed
    UNION ALL SELECT ref, unnest(lost), -1 FROM listed)
SELECT DISTINCT m.ref, m.item, m.sign, s.attribute, s.wanted
FROM moved m JOIN label l ON l.ref = m.item
JOIN standard s ON s.ref = m.ref AND s.attribute = l.attribute AND s.label = l.label
WHERE (m.ref, m.item) NOT IN (SELECT (ref, item_ref) FROM retrieval_relevance)

-- name: broken_critical
SELECT ref, $probes || '[' || slice || ']', candidate_recall - base_recall FROM critical_probe
WHERE candidate_recall < base_recall - $rounding ORDER BY candidate_recall - base_recall, ref, slice

-- name: small_critical
SELECT ref, $probes || '[' || slice || ']', NULL FROM critical_probe WHERE known < $min_slice ORDER BY ref, slice

-- name: violated
SELECT ref, $negatives, candidate_margin - base_margin FROM retrieval_margin
WHERE candidate_violated AND NOT base_violated ORDER BY candidate_margin - base_margin, ref

-- name: unwanted
-- Gained less lost items that share an unwanted label and no wanted one.
SELECT s.ref, $confounds || '[' || s.attribute || ']', sum(s.sign) AS net
FROM moved_item s
ANTI JOIN (SELECT ref, item FROM moved_item WHERE wanted) w ON w.ref = s.ref AND w.item = s.item
WHERE NOT s.wanted AND s.attribute IN (
    SELECT slice FROM metric WHERE name = 'grouping_conditional_lift' AND side = 'difference'
    AND (value IS NULL OR (value > $least_change AND low > 0)))
GROUP BY s.ref, s.attribute HAVING net >= $least_net
QUALIFY row_number() OVER (PARTITION BY s.attribute, s.ref LIKE $queries ORDER BY net DESC, s.ref) <= $per_gate
ORDER BY net DESC, s.ref, s.attribute

-- name: lost
SELECT ref, $probes, candidate_recall - base_recall FROM retrieval_probe
WHERE candidate_recall < base_recall - $rounding ORDER BY candidate_recall - base_recall, ref

-- name: gave_up
-- Lost less gained items that share a wanted label, of items alone.
SELECT s.ref,
       $grouping || CASE WHEN s.attribute IN (SELECT unnest($kept::VARCHAR[]))
                         THEN '[' || s.attribute || ']' ELSE '' END, sum(s.sign) AS net
FROM moved_item s WHERE s.wanted AND s.ref IN (SELECT ref FROM retrieval_shift) AND s.attribute IN (
    SELECT slice FROM metric WHERE name = 'grouping_lift' AND side = 'difference'
    AND (value IS NULL OR (value < -$least_change AND high < 0)))
GROUP BY s.ref, s.attribute HAVING net <= -$least_net
QUALIFY row_number() OVER (PARTITION BY s.attribute ORDER BY net, s.ref) <= $per_gate
ORDER BY net, s.ref, s.attribute

-- name: edit_moves
SELECT ref, $confounds || '[' || attribute || ']', candidate_toward - base_toward AS rise
FROM retrieval_counterfactual
WHERE attribute IN (SELECT unnest($unwanted::VARCHAR[])) AND rise >= $least_toward
QUALIFY row_number() OVER (PARTITION BY attribute ORDER BY rise DESC, ref) <= $per_gate
ORDER BY rise DESC, ref

-- name: moved
SELECT ref, $grouping, overlap FROM retrieval_shift WHERE overlap <= $most_overlap
ORDER BY overlap, cosine, ref LIMIT $per_gate

-- name: duplicates
WITH answer AS (
    SELECT s.ref, s.side, coalesce(i.duplicate_of, i.ref) AS title
    FROM (SELECT ref, side, unnest(neighbours[1:$cutoff]) AS item FROM retrieval_side
          WHERE ref IN (SELECT ref FROM retrieval_probe)) s
    JOIN retrieval_item i ON i.ref = s.item),
repeated AS (SELECT ref, side, count(*) - count(DISTINCT title) AS extra FROM answer GROUP BY ref, side)
SELECT c.ref, $probes, c.extra - b.extra AS more FROM repeated c
JOIN repeated b ON b.ref = c.ref AND b.side = 'base'
WHERE c.side = 'candidate' AND more > 0 ORDER BY more DESC, c.ref LIMIT $per_gate
