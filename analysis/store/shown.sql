-- What the evidence holds, and what of it is shown of some examples.

-- name: tables
-- With how many of the columns ref and side each has, whether it only points at what to look at, and how many rows it has:
-- of a file that nobody writes the estimate is exact.
SELECT t.table_name, count(*) FILTER (c.column_name IN ('ref', 'side')), coalesce(any_value(t.comment) = 'points', false),
       any_value(t.estimated_size) FROM duckdb_tables() t
JOIN duckdb_columns() c ON c.database_name = t.database_name AND c.table_name = t.table_name
WHERE t.database_name = 'evidence' GROUP BY t.table_name ORDER BY t.table_name

-- name: views
SELECT view_name FROM duckdb_views() WHERE database_name = 'evidence' AND NOT internal

-- name: one
ref_key = $key

-- name: some
ref_key IN (SELECT unnest($keys::INTEGER[]))

-- name: contents
SELECT ref, sha256, ref_key FROM evidence.packed WHERE ref IN (SELECT unnest($refs::VARCHAR[]))

-- name: content
SELECT ref, sha256, ref_key FROM evidence.packed WHERE ref_key = $key

-- name: critical
SELECT ref, slices FROM critical WHERE {match}

-- name: rows
SELECT * EXCLUDE (ref_key) FROM evidence.{table} WHERE {match}
