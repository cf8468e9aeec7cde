-- How a published run lies: the table `packed` has one row for each example, in the order of their refs, with what several
-- tables hold of it. Those tables are views of it. Their names and columns are those of the tables of the workbench.
-- Places in braces: `source` and `target` are the databases of the tables and of the run.

-- name: packed_tables
SELECT table_name FROM duckdb_tables()
WHERE database_name = $target AND comment = 'packed' ORDER BY table_name

-- name: types
SELECT column_name, data_type, is_nullable FROM duckdb_columns()
WHERE database_name = $target AND table_name = $table ORDER BY column_index

-- name: slices
-- The slices that an example is in, together: few of them for many examples.
CREATE TEMP TABLE packing_slices AS
WITH held AS (
    SELECT ref, list(struct_pack(track := track, slice := slice) ORDER BY track, slice) AS slices FROM {source}.membership GROUP BY ref),
numbered AS (
    SELECT slices, (row_number() OVER (ORDER BY slices) - 1)::INTEGER AS slice_set FROM (SELECT DISTINCT slices FROM held))
SELECT ref, slice_set, slices FROM held JOIN numbered USING (slices)

-- name: slice_sets
CREATE TABLE {target}.slice_set AS
SELECT slice_set, one.slice, one.track FROM (
    SELECT slice_set, unnest(slices) AS one FROM (SELECT DISTINCT slice_set, slices FROM packing_slices))
ORDER BY slice_set, one.track, one.slice

-- name: firsts
-- The first example of each part that is packed at a time.
SELECT ref FROM (SELECT ref, row_number() OVER (ORDER BY ref) - 1 AS place FROM {source}.example) WHERE place % {rows} = 0
ORDER BY ref

-- name: attributions
-- An example's attributions in one list. The words that they score stand once beside them (`place` counts from 1), however
-- many methods and sides score them. Scores are `numbers` of two to the power of `exponent` (`in_steps` in
-- `analysis.attribution.stored_scores`), which takes half the room of the same numbers as FLOAT.
CREATE OR REPLACE TEMP TABLE packing_attribution AS
WITH sized AS (
    SELECT *, coalesce(list_max(list_transform(scores, x -> abs(x::DOUBLE))), 0) AS largest FROM {source}.attribution
    WHERE {part}),
scaled AS (
    SELECT *, CASE WHEN largest > 0 THEN greatest(floor(log2(largest))::INTEGER - 10, -149) ELSE 0 END AS about FROM sized),
stepped AS (
    SELECT *, (about + (round(largest / pow(2.0, about)) > 2047)::INTEGER)::SMALLINT AS exponent,
           struct_pack(starts := starts, ends := ends) AS words FROM scaled),
placed AS (SELECT ref, list_sort(list_distinct(list(words))) AS places FROM stepped GROUP BY ref)
SELECT s.ref, any_value(p.places) AS word_places, list(struct_pack(
           {fields}, place := list_position(p.places, s.words)::INTEGER, exponent := s.exponent,
           numbers := list_transform(s.scores, x -> round(x / pow(2.0, s.exponent))::SMALLINT))
       ORDER BY s.side, s.method, s.target) AS attribution
FROM stepped s JOIN placed p ON p.ref = s.ref GROUP BY s.ref

-- name: packed
{into}
SELECT ({before} + row_number() OVER (ORDER BY e.ref) - 1)::INTEGER AS ref_key, e.ref, e.track, e.kind, e.id, e.parent_ref, e.text,
       e.gold, e.sha256, m.slice_set, a.word_places, a.attribution{columns}
FROM (SELECT * FROM {source}.example WHERE {part}) e
LEFT JOIN (SELECT * FROM packing_slices WHERE {part}) m ON m.ref = e.ref LEFT JOIN packing_attribution a ON a.ref = e.ref
{joins} ORDER BY e.ref

-- name: done
DROP TABLE packing_slices; DROP TABLE packing_attribution

-- name: find_by_number
CREATE UNIQUE INDEX example_of_key ON {target}.packed (ref_key)

-- name: pages
-- The first ref of each page, by which a ref finds its number.
CREATE TABLE {target}.ref_page AS SELECT ref, ref_key FROM {target}.packed WHERE ref_key % {page} = 0 ORDER BY ref_key

-- name: lost
-- Rows that have no place in what was packed.
SELECT (SELECT count(*) FROM {source}.{table}) - (SELECT coalesce({packed}, 0) FROM {target}.packed)

-- name: nulls
SELECT count(*) FROM {source}.{table} WHERE {missing}

-- name: example
CREATE VIEW example AS SELECT ref, track, kind, id, parent_ref, text, gold, sha256, ref_key FROM packed

-- name: membership
CREATE VIEW membership AS SELECT s.slice, s.track, p.ref, p.ref_key FROM packed p JOIN slice_set s USING (slice_set)

-- name: attribution
CREATE VIEW attribution AS
SELECT {fields}, ref_key FROM (
    SELECT ref, ref_key, word_places AS places, unnest(attribution) AS a FROM packed WHERE attribution IS NOT NULL)

-- name: of_example
CREATE VIEW {view} AS SELECT {fields}, ref_key FROM packed WHERE {column} IS NOT NULL

-- name: of_sides
CREATE VIEW {view} AS
SELECT {base}, ref_key FROM packed WHERE {base_column} IS NOT NULL
UNION ALL
SELECT {candidate}, ref_key FROM packed WHERE {candidate_column} IS NOT NULL

-- name: row
SELECT * FROM evidence.packed WHERE ref_key = $key

-- name: columns
SELECT column_name FROM duckdb_columns() WHERE database_name = 'evidence' AND table_name = 'packed' ORDER BY column_index

-- name: here
SELECT current_database()
