-- A review of many messages, made of the messages of a small one (attached as `small`), each repeated under new refs.

-- name: metadata
SELECT view_name FROM duckdb_views() WHERE database_name = 'small' AND starts_with(view_name, 'metadata_')

-- name: copied
-- What copies are made of: the messages of the evaluation, numbered, and how often a row of each is needed.
CREATE TABLE copied AS
SELECT ref, (row_number() OVER (ORDER BY ref) - 1)::INTEGER AS place, count(*) OVER ()::INTEGER AS messages
FROM small.example WHERE track = 'intent' AND kind = 'message';
CREATE TABLE made AS
SELECT c.ref AS source, format('intent/message:z{:08d}', n) AS ref, n
FROM range($examples) r(n) JOIN copied c ON c.place = n % c.messages

-- name: example
INSERT INTO example BY NAME
SELECT m.ref, e.track, e.kind, format('z{:08d}', m.n) AS id, NULL AS parent_ref, e.text || ' ' || m.n AS text, e.gold,
       sha256(m.ref) AS sha256
FROM made m JOIN small.example e ON e.ref = m.source

-- name: searched
INSERT INTO searched BY NAME SELECT m.ref, s.form || ' ' || m.n AS form FROM made m JOIN small.searched s ON s.ref = m.source

-- name: of_example
-- Rows of a table that has one or some for each message.
INSERT INTO {table} BY NAME SELECT t.* EXCLUDE (ref_key) REPLACE (m.ref AS ref) FROM made m JOIN small.{table} t ON t.ref = m.source

-- name: attribution
-- Two methods, the class that each side predicts.
INSERT INTO attribution BY NAME
WITH explained AS (
    SELECT a.*, row_number() OVER (PARTITION BY a.side, a.method ORDER BY a.ref) - 1 AS place,
           count(*) OVER (PARTITION BY a.side, a.method) AS texts
    FROM small.attribution a JOIN small.intent_side s ON s.ref = a.ref AND s.side = a.side AND s.label = a.target
    WHERE a.method IN (SELECT unnest($methods::VARCHAR[])) AND a.status = 'ok')
SELECT s.* EXCLUDE (place, texts, ref_key) REPLACE (m.ref AS ref) FROM made m JOIN explained s ON s.place = m.n % s.texts

-- name: contested
-- Of one message in so many: what breaks or is mended in a class that counts.
INSERT INTO contested BY NAME
SELECT t.* EXCLUDE (ref_key) REPLACE (m.ref AS ref, m.ref AS cluster) FROM made m JOIN small.contested t ON t.ref = m.source WHERE m.n % $every = 0

-- name: flag
-- Reasons outside the budget of the queue.
INSERT INTO flag BY NAME
SELECT t.* EXCLUDE (ref_key) REPLACE (m.ref AS ref, NULL AS rank) FROM made m JOIN small.flag t ON t.ref = m.source
WHERE m.n % $every = 1 AND NOT t.control

-- name: counted
UPDATE slice SET n = c.n FROM (SELECT track, slice, count(*) AS n FROM membership GROUP BY ALL) c
WHERE c.track = slice.track AND c.slice = slice.slice
