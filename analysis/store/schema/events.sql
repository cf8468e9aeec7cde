-- Everything that people said of a review: one row per line of a journal, and what stands of it.
-- Order across streams is (lamport, stream_id, seq), never the clock.
CREATE TABLE event (
    stream_id VARCHAR NOT NULL, seq BIGINT NOT NULL, lamport BIGINT NOT NULL, event_id VARCHAR NOT NULL,
    ts VARCHAR NOT NULL, actor VARCHAR NOT NULL, reviewer VARCHAR NOT NULL, host VARCHAR NOT NULL,
    session_id VARCHAR NOT NULL, run VARCHAR NOT NULL, ref VARCHAR, kind VARCHAR NOT NULL, target VARCHAR,
    body VARCHAR NOT NULL, prev VARCHAR NOT NULL, hash VARCHAR NOT NULL, merged BOOLEAN NOT NULL);

-- Digest of the evidence that the run in force shows of an example, for examples judged in an earlier run.
CREATE TABLE shown (ref VARCHAR NOT NULL, sha256 VARCHAR NOT NULL);

-- Streams that were merged from elsewhere and whose head nobody listed signed: they are shown, and count for nothing.
CREATE TABLE uncounted (stream_id VARCHAR NOT NULL);

-- What counts. Who a merged stream is by is known on its own machine alone: that stands with the account.
CREATE VIEW heard AS
SELECT * REPLACE (CASE WHEN merged THEN actor || ' on ' || host ELSE actor END AS actor)
FROM event ANTI JOIN uncounted USING (stream_id);

-- Only one's own events can be taken back, and a redo is the undo of an undo: the last word counts. What was answered to
-- a known-answer item stands: the page that opens afterwards tells the right answer.
CREATE VIEW undone AS
SELECT event_id FROM (
    SELECT u.target AS event_id, u.kind,
           row_number() OVER (PARTITION BY u.target ORDER BY u.lamport DESC, u.stream_id DESC, u.seq DESC) AS last
    FROM heard u
    JOIN heard e ON e.event_id = u.target AND e.actor = u.actor
    WHERE u.kind IN ('undo', 'redo')
      AND e.kind NOT IN ('undo', 'redo', 'merge', 'accept_loss', 'decision', 'known_answer'))
WHERE last = 1 AND kind = 'undo';

CREATE VIEW live AS
SELECT e.* FROM heard e ANTI JOIN undone u ON u.event_id = e.event_id
WHERE e.kind NOT IN ('undo', 'redo', 'merge', 'accept_loss');

-- A verdict as it is spoken: which side is right.
CREATE MACRO spoken(base, candidate) AS
CASE WHEN base = 'right' AND candidate = 'right' THEN 'both' WHEN base = 'right' AND candidate = 'wrong' THEN 'base'
     WHEN base = 'wrong' AND candidate = 'right' THEN 'candidate' WHEN base = 'wrong' AND candidate = 'wrong' THEN 'neither'
     ELSE 'unsure' END;

-- A list of texts at a place of a body. What is of another type was written by no session and says nothing, here as below,
-- so that one such event takes nothing from what others said.
CREATE MACRO texts(value) AS
CASE WHEN json_type(value) = 'ARRAY' AND coalesce(list_bool_and(list_transform(
    TRY_CAST(value AS JSON[]), lambda one: coalesce(json_type(one) = 'VARCHAR', false))), true) THEN TRY_CAST(value AS VARCHAR[]) END;

-- What a verdict was made of, where each answer was asked by itself: name, base, candidate.
CREATE MACRO labelled(body) AS list_filter(
    list_transform(
        CASE WHEN json_type(body -> '$.labels') = 'ARRAY' THEN coalesce(TRY_CAST(body -> '$.labels' AS JSON[]), []) ELSE [] END,
        lambda one: texts(one)),
    lambda one: coalesce(len(one) = 3 AND one[2] IN ('yes', 'no', 'unsure') AND one[3] IN ('yes', 'no', 'unsure'), false));

-- Whether two lists of labels say different things of one answer.
CREATE MACRO at_odds(these, others) AS
coalesce(list_bool_or(list_transform(these, lambda one: coalesce(list_bool_or(list_transform(
    others, lambda two: one[1] = two[1] AND (one[2] <> two[2] OR one[3] <> two[3]))), false))), false);

CREATE VIEW finding_live AS
SELECT event_id, actor, reviewer, body ->> '$.text' AS text, body ->> '$.gate' AS gate,
       coalesce(texts(body -> '$.refs'), []) AS refs, body ->> '$.severity' AS severity, ts, run,
       CASE body ->> '$.evidence.kind'
            WHEN 'attribution' THEN format('attribution: {} of the {} for {}', body ->> '$.evidence.method',
                                           body ->> '$.evidence.side', body ->> '$.evidence.target')
            ELSE coalesce(body ->> '$.evidence.kind', CASE WHEN body ->> '$.whatif' IS NOT NULL THEN 'what-if' END,
                          '') END AS evidence,
       body ->> '$.models_sha256' AS models_sha256, lamport, stream_id, seq
FROM live WHERE kind = 'finding';

CREATE VIEW waiver_live AS
SELECT event_id, actor, reviewer, body ->> '$.key' AS key, run, TRY_CAST(body ->> '$.value' AS DOUBLE) AS value,
       body ->> '$.threshold' AS threshold, body ->> '$.reason' AS reason, body ->> '$.expires' AS expires, ts,
       lamport, stream_id, seq
FROM live WHERE kind = 'waiver';

CREATE VIEW decision_latest AS
SELECT event_id, actor, reviewer, body ->> '$.decision' AS decision, body ->> '$.reason' AS reason, run, ts
FROM live WHERE kind = 'decision'
QUALIFY row_number() OVER (PARTITION BY run ORDER BY lamport DESC, stream_id DESC, seq DESC) = 1;

CREATE VIEW head AS
SELECT stream_id, count(*) AS events, arg_max(hash, seq) AS head FROM event GROUP BY stream_id;

-- What is said of an example counts in its own run, and in one that shows the same evidence.
CREATE MACRO counted(asked) AS TABLE
SELECT l.* FROM live l LEFT JOIN shown s ON s.ref = l.ref
WHERE l.ref IS NOT NULL AND (l.run = asked OR (l.body ->> '$.evidence_sha256') = s.sha256);

CREATE MACRO verdict_of(asked) AS TABLE
WITH said AS (
    SELECT ref, actor, reviewer, run, event_id, kind, spoken(body ->> '$.base', body ->> '$.candidate') AS "right",
           body ->> '$.cause' AS cause, body ->> '$.note' AS note, TRY_CAST(body ->> '$.blind' AS BOOLEAN) AS blind,
           TRY_CAST(body ->> '$.seconds' AS DOUBLE) AS seconds, coalesce(texts(body -> '$.critical_slices'), []) AS critical_slices,
           labelled(body) AS labels,
           {'lamport': lamport, 'stream_id': stream_id, 'seq': seq} AS place
    FROM counted(asked) WHERE kind IN ('verdict', 'cause', 'note'))
SELECT ref, actor, arg_max(reviewer, place) FILTER (kind = 'verdict') AS reviewer,
       arg_max("right", place) FILTER (kind = 'verdict') AS "right",
       nullif(arg_max(cause, place) FILTER (cause IS NOT NULL), '') AS cause,
       nullif(arg_max(note, place) FILTER (note IS NOT NULL), '') AS note,
       coalesce(arg_max(blind, place) FILTER (kind = 'verdict'), false) AS blind,
       arg_max_null(seconds, place) FILTER (kind = 'verdict') AS seconds,
       coalesce(arg_max(critical_slices, place) FILTER (kind = 'verdict'), []) AS critical_slices,
       arg_max(labels, place) FILTER (kind = 'verdict') AS labels,
       arg_max(run, place) FILTER (kind = 'verdict') AS run,
       arg_max(event_id, place) FILTER (kind = 'verdict') AS event_id,
       max(place) FILTER (kind = 'verdict') AS place
FROM said GROUP BY ref, actor HAVING bool_or(kind = 'verdict');

-- What each reviewer answered to each example of which the answer is known: the first answer counts.
CREATE MACRO known_answer_of(asked) AS TABLE
SELECT ref, actor, reviewer, body ->> '$.given' AS given FROM counted(asked) WHERE kind = 'known_answer'
QUALIFY row_number() OVER (PARTITION BY ref, actor ORDER BY lamport, stream_id, seq) = 1;

-- Verdicts on examples that were shown again, each beside the verdict before it.
CREATE MACRO repeat_of(asked) AS TABLE
SELECT ref, actor, before, after FROM (
    SELECT ref, actor, body, spoken(body ->> '$.base', body ->> '$.candidate') AS after,
           lag(spoken(body ->> '$.base', body ->> '$.candidate'))
               OVER (PARTITION BY ref, actor ORDER BY lamport, stream_id, seq) AS before
    FROM counted(asked) WHERE kind = 'verdict')
WHERE (body ->> '$.again') = 'true' AND before IS NOT NULL;

-- What each reviewer said of each span that a detector found: the latest word counts.
CREATE MACRO span_of(asked) AS TABLE
WITH said AS (
    SELECT ref, actor, reviewer, body ->> '$.span.side' AS side, body ->> '$.span.detector' AS detector,
           TRY_CAST(body ->> '$.span.start' AS INTEGER) AS start, TRY_CAST(body ->> '$.span.end' AS INTEGER) AS "end",
           body ->> '$.span.verdict' AS verdict, {'lamport': lamport, 'stream_id': stream_id, 'seq': seq} AS place
    FROM counted(asked) WHERE kind = 'tokens' AND (body -> '$.span') IS NOT NULL)
SELECT ref, side, detector, start, "end", arg_max(verdict, place) AS verdict, actor, arg_max(reviewer, place) AS reviewer
FROM said
WHERE side IN ('base', 'candidate') AND detector IS NOT NULL AND start IS NOT NULL AND "end" IS NOT NULL
    AND verdict IN ('confirmed', 'refuted')
GROUP BY ALL;

-- A settlement counts where those who had judged the example did not agree, on a side or on a label, and one of them
-- recorded it: nobody overrules another alone. It stands until somebody says something else of that example.
CREATE MACRO settled_of(asked) AS TABLE
WITH said AS (
    SELECT ref, actor, reviewer, ts, event_id, kind, spoken(body ->> '$.base', body ->> '$.candidate') AS "right",
           labelled(body) AS labels, {'lamport': lamport, 'stream_id': stream_id, 'seq': seq} AS place
    FROM counted(asked) WHERE kind IN ('verdict', 'settle')),
before AS (
    SELECT z.event_id, z.actor AS settler, v.actor, arg_max(v."right", v.place) AS "right",
           arg_max(v.labels, v.place) AS labels
    FROM said z JOIN said v ON v.ref = z.ref AND v.kind = 'verdict' AND v.place < z.place
    WHERE z.kind = 'settle' GROUP BY ALL),
disputed AS (
    SELECT event_id, list(actor ORDER BY actor) AS actors, list("right" ORDER BY actor) AS said,
           list(labels ORDER BY actor) AS said_labels
    FROM before GROUP BY event_id HAVING bool_or(actor = settler) AND (count(DISTINCT "right") > 1 OR event_id IN (
        SELECT one.event_id FROM before one JOIN before two USING (event_id) WHERE at_odds(one.labels, two.labels)))),
s AS (
    SELECT said.*, d.actors, d.said, d.said_labels FROM said JOIN disputed d USING (event_id) WHERE kind = 'settle'
    QUALIFY row_number() OVER (PARTITION BY ref ORDER BY place DESC) = 1)
SELECT s.ref, s."right", s.actor, s.reviewer, s.ts, s.actors, s.said, s.labels, s.said_labels FROM s
WHERE event_id NOT IN (
    SELECT s.event_id FROM s JOIN verdict_of(asked) v ON v.ref = s.ref AND v.place > s.place
    WHERE v."right" <> s."right" OR at_odds(v.labels, s.labels));
