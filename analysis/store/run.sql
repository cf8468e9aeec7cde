-- What is asked of the evidence of a run, and written into it, beside its rows.

-- name: defined
SELECT table_name, table_type FROM information_schema.tables

-- name: label
INSERT INTO meta VALUES ('format', $format), ('run', $run), ('created_by', 'assay')

-- name: format
SELECT value FROM {database}.meta WHERE key = 'format'

-- name: columns
SELECT column_name FROM (DESCRIBE {table})

-- name: fill
INSERT INTO publication.{table} BY NAME SELECT * FROM {table}{order}

-- name: copy
CREATE TABLE publication.{table} AS SELECT * FROM {table}{order}
