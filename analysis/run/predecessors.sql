-- What is asked of the workbench about examples that failed in previous reviews.

-- name: contents
SELECT ref, sha256 FROM example WHERE track = $track

-- name: tables
-- Tables and views, each with whether it has a column ref.
SELECT table_name, bool_or(column_name = 'ref') FROM duckdb_columns()
WHERE schema_name = 'main' AND database_name = current_database() AND NOT internal GROUP BY table_name

-- name: keys
-- The numbers that publishing gives to refs.
CREATE TABLE evidence.packed AS
SELECT ref, (row_number() OVER (ORDER BY ref) - 1)::INTEGER AS ref_key FROM main.example

-- name: pages
-- What refs find their numbers by (`analysis.store.keys`).
CREATE VIEW evidence.ref_page AS SELECT ref, ref_key FROM evidence.packed WHERE ref_key % {page} = 0

-- name: as_evidence
CREATE VIEW evidence.{table} AS SELECT * FROM main.{table}

-- name: with_keys
CREATE VIEW evidence.{table} AS
SELECT t.*, k.ref_key FROM main.{table} t LEFT JOIN evidence.packed k ON k.ref = t.ref
