-- What queries and items that changed for the worse may share, beside what any examples may.

-- name: lifts
SELECT * FROM metric WHERE track = $track
AND name IN ('grouping_lift', 'grouping_conditional_lift', 'grouping_wanted_lift') AND value IS NOT NULL

-- name: make_label
-- The labels of items by unwanted attribute; numbers have the quarter of the items that they lie in.
CREATE OR REPLACE TEMP TABLE unwanted_label AS
SELECT ref, attribute, unnest(labels) AS label FROM retrieval_attribute WHERE NOT wanted AND kind <> 'numeric'
UNION ALL
SELECT ref, attribute, CASE least(floor(4 * percent_rank() OVER (PARTITION BY attribute ORDER BY number)), 3)::INT
    WHEN 0 THEN 'the lowest quarter' WHEN 1 THEN 'the second quarter' WHEN 2 THEN 'the third quarter'
    ELSE 'the highest quarter' END
FROM retrieval_attribute WHERE NOT wanted AND kind = 'numeric'

-- name: alike
-- Queries and items at least half of whose gained neighbours, and two of them, have one label, which fewer of those that
-- they lost have; of an item, its own label. `went`: the label; `worse`: a query that lost relevant items, or not; NULL of an item.
WITH listed AS (
    SELECT ref, gained, lost FROM retrieval_probe UNION ALL SELECT ref, gained, lost FROM retrieval_shift),
moved AS (
    SELECT ref, unnest(gained) AS item, 1 AS sign FROM listed
    UNION ALL SELECT ref, unnest(lost), -1 FROM listed),
counted AS (
    SELECT m.ref, l.attribute, l.label, count(*) FILTER (m.sign = 1) AS gained, count(*) FILTER (m.sign = -1) AS lost
    FROM moved m JOIN unwanted_label l ON l.ref = m.item GROUP BY ALL),
kept AS (
    SELECT c.*, e.kind FROM counted c JOIN listed x USING (ref) JOIN example e USING (ref)
    WHERE c.gained >= 2 AND 2 * c.gained >= len(x.gained) AND c.gained > c.lost
      AND (e.kind = 'query'
           OR EXISTS (SELECT 1 FROM unwanted_label o WHERE o.ref = c.ref AND o.attribute = c.attribute AND o.label = c.label)))
SELECT k.ref, k.attribute, k.label, p.candidate_recall < p.base_recall - $rounding AS worse
FROM kept k LEFT JOIN retrieval_probe p USING (ref)
QUALIFY row_number() OVER (PARTITION BY k.ref, k.attribute ORDER BY k.gained - k.lost DESC, k.label) = 1
ORDER BY worse IS NOT TRUE, k.kind = 'item', k.gained - k.lost DESC, k.ref

-- name: lost_queries
SELECT count(*), count(*) FILTER (candidate_recall < base_recall - $rounding) FROM retrieval_probe

-- name: negatives_alike
-- Newly violated pairs whose negative has an unwanted label, by attribute, that the positive has not.
SELECT n.attribute, list(DISTINCT h.ref ORDER BY h.ref) FROM retrieval_margin m JOIN retrieval_hard_negative h USING (ref)
JOIN unwanted_label n ON n.ref = h.negative_ref
ANTI JOIN unwanted_label p ON p.ref = h.positive_ref AND p.attribute = n.attribute AND p.label = n.label
WHERE m.candidate_violated AND NOT m.base_violated GROUP BY n.attribute ORDER BY n.attribute
