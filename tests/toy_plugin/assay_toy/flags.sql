-- name: broken_critical
SELECT c.ref, 'toy.late[' || s.slice || ']', c.hours - b.hours
FROM toy_side c
JOIN toy_side b ON b.ref = c.ref AND b.side = 'base'
JOIN membership m ON m.ref = c.ref
JOIN slice s ON s.slice = m.slice AND s.track = m.track
WHERE c.side = 'candidate' AND s.critical AND c.hours > b.hours
ORDER BY 3 DESC, 1;

-- name: moved
SELECT c.ref, 'toy.error', abs(c.hours - b.hours), c.word
FROM toy_side c
JOIN toy_side b ON b.ref = c.ref AND b.side = 'base'
WHERE c.side = 'candidate' AND c.hours <> b.hours
ORDER BY 3 DESC, 1;
