-- Where the change of a track's models lives, of the workbench and of a run that is attached as `evidence`.

-- name: parts
SELECT * FROM change_part WHERE track = $track

-- name: stored
SELECT * FROM evidence.change_part WHERE track = $track

-- name: doses
SELECT scale, n, restored, low, high FROM evidence.change_part
WHERE track = $track AND kind = 'dose' AND scale IS NOT NULL AND restored IS NOT NULL ORDER BY scale
