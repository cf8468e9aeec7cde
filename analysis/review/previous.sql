-- What a review reads of a previous one: its evidence is attached as `evidence`, and its events lie beside.

-- name: decision
SELECT decision FROM decision_latest WHERE run = $run

-- name: wrong
-- Examples on which the candidate of a run was judged wrong: as settled, or else by anybody.
WITH said AS (
    SELECT ref, "right" FROM settled_of($run)
    UNION ALL
    SELECT v.ref, v."right" FROM verdict_of($run) v ANTI JOIN settled_of($run) s ON s.ref = v.ref)
SELECT DISTINCT e.ref, e.sha256 FROM said JOIN evidence.example e USING (ref)
WHERE "right" IN ('base', 'neither') ORDER BY e.ref

-- name: contents
SELECT ref, sha256 FROM evidence.example WHERE kind <> 'variant'

-- name: judged_by
-- What an account says of each example of a run; not what was merged from elsewhere, and not what was settled otherwise.
WITH own AS (
    SELECT ref, actor, reviewer, ts, event_id, hash, spoken(body ->> '$.base', body ->> '$.candidate') AS "right",
           coalesce(TRY_CAST(body ->> '$.blind' AS BOOLEAN), false) AS blind,
           labelled(body) AS labels
    FROM live WHERE kind = 'verdict' AND run = $run AND actor = $actor AND NOT merged
    QUALIFY row_number() OVER (PARTITION BY ref ORDER BY lamport DESC, stream_id DESC, seq DESC) = 1)
SELECT o.ref, e.sha256, o."right", o.blind, o.reviewer, o.ts, o.event_id, o.hash, o.labels
FROM own o JOIN evidence.example e USING (ref) LEFT JOIN settled_of($run) s ON s.ref = o.ref
WHERE o."right" <> 'unsure' AND coalesce(s."right" = o."right" AND NOT at_odds(s.labels, o.labels), true) ORDER BY o.ref
