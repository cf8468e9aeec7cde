-- What is asked of the workbench about examples that failed in previous reviews.

-- name: contents
SELECT ref, sha256 FROM example WHERE track = $track

-- name: tables
SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' AND NOT temporary
UNION SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal AND NOT temporary

-- name: as_evidence
CREATE VIEW evidence.{table} AS SELECT * FROM main.{table}
