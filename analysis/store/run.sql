-- What is asked of the evidence of a run, and written into it, beside its rows.

-- name: defined
SELECT table_name, table_type FROM information_schema.tables

-- name: label
INSERT INTO meta VALUES ('format', $format), ('run', $run), ('description', $description), ('created_by', 'assay')

-- name: format
SELECT any_value(value) FILTER (key = 'format'), any_value(value) FILTER (key = 'description') FROM {database}.meta

-- name: columns
SELECT column_name FROM (DESCRIBE {table})

-- name: tables
-- Tables alone: what a view holds is bound anew each time that its columns are asked for.
SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()

-- name: key
ALTER TABLE {table} ADD COLUMN ref_key INTEGER

-- name: fill
INSERT INTO publication.{table} BY NAME {rows}

-- name: copy
CREATE TABLE publication.{table} AS {rows}

-- name: rows
SELECT * FROM {table}

-- name: keyed
-- What belongs to no example comes last.
SELECT t.*, e.ref_key FROM {table} t LEFT JOIN publication.packed e ON e.ref = t.ref ORDER BY e.ref_key NULLS LAST, {order}

-- name: here
SELECT current_database()
