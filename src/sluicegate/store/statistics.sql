-- SPDX-License-Identifier: Apache-2.0
-- The queries that every published figure comes from. `:cut` is a JSON list of objects log, place, since, until,
-- size: a query sees the first `size` entries of each log and nothing else. Outcomes are found by the case that
-- an entry names, so a booking counts on after its entries' contents are erased. `common` stands before each.
-- name: common
WITH cut AS (
  SELECT json_extract(value, '$.log') AS log, json_extract(value, '$.place') AS place,
         json_extract(value, '$.since') AS since, json_extract(value, '$.until') AS until,
         json_extract(value, '$.size') AS size
  FROM json_each(:cut)
), cohort AS (
  SELECT cut.place, cut.log, cut.size, e.case_id, e.body
  FROM cut JOIN entry e ON e.log = cut.log AND e.at >= cut.since AND e.at < cut.until AND e.seq < cut.size
  WHERE e.kind = 'decided'
), door AS (
  SELECT cut.place, cut.log, cut.size, e.case_id
  FROM cut JOIN entry e ON e.log = cut.log AND e.at >= cut.since AND e.at < cut.until AND e.seq < cut.size
  WHERE cut.log = 'intake' AND e.kind = 'received'
)
-- name: submissions
SELECT place, COUNT(*) AS value FROM cohort GROUP BY place ORDER BY place;
-- name: outcomes
SELECT place, outcome, COUNT(*) AS value FROM (
  SELECT place, COALESCE((
    SELECT e.kind FROM entry e
    WHERE e.case_id = cohort.case_id AND e.log = cohort.log AND e.seq < cohort.size
      AND e.kind IN ('shared', 'withheld', 'refused')
    ORDER BY e.seq LIMIT 1), 'pending') AS outcome
  FROM cohort
) GROUP BY place, outcome ORDER BY place, outcome;
-- name: agencies
SELECT place, COUNT(DISTINCT COALESCE(NULLIF(json_extract(body, '$.cri'), ''), json_extract(body, '$.ori'))) AS value
FROM cohort GROUP BY place ORDER BY place;
-- name: answer_times
SELECT cohort.place, r.at AS since, a.at AS until
FROM cohort
JOIN entry a ON a.case_id = cohort.case_id AND a.log = cohort.log AND a.kind = 'answered' AND a.seq < cohort.size
JOIN entry r ON r.case_id = cohort.case_id AND r.log = 'intake' AND r.kind = 'received'
ORDER BY cohort.place, r.at;
-- name: silenced
SELECT place, COUNT(*) AS value FROM cohort
WHERE json_extract(body, '$.decision.G1.outcome') = 'open'
  AND json_extract(body, '$.decision.G2.outcome') = 'closed'
GROUP BY place ORDER BY place;
-- name: received
SELECT COUNT(*) AS value FROM door;
-- name: refused_at_door
SELECT COUNT(*) AS value FROM door
WHERE EXISTS (SELECT 1 FROM entry e WHERE e.case_id = door.case_id AND e.log = door.log AND e.seq < door.size
              AND e.kind = 'refused');
-- name: refusals
SELECT m.digest FROM door JOIN message m ON m.case_id = door.case_id AND m.kind = 'ERRT'
WHERE EXISTS (SELECT 1 FROM entry e WHERE e.case_id = door.case_id AND e.log = door.log AND e.seq < door.size
              AND e.kind = 'refused')
ORDER BY m.created;
-- name: answers
SELECT outcome, COUNT(*) AS value FROM (
  SELECT CASE WHEN SUM(e.kind = 'relayed') > 0 THEN 'relayed' WHEN SUM(e.kind = 'muted') > 0 THEN 'muted'
              WHEN SUM(e.kind = 'silent') > 0 THEN 'not-matched' ELSE 'turned-away' END AS outcome
  FROM cohort
  JOIN cut heard ON heard.log = 'answers'
  JOIN entry e ON e.case_id = cohort.case_id AND e.log = heard.log AND e.seq < heard.size
   AND e.kind IN ('relayed', 'muted', 'silent', 'alerted')
  GROUP BY cohort.case_id
) GROUP BY outcome ORDER BY outcome;
-- name: officer
SELECT q.at AS since, d.at AS until, COALESCE(json_extract(s.dossier, '$.status'), '') AS status
FROM cut
JOIN entry t ON t.log = cut.log AND t.at >= cut.since AND t.at < cut.until AND t.seq < cut.size
 AND t.kind = 'copy-taken'
JOIN entry q ON q.case_id = t.case_id AND q.log = t.log AND q.kind = 'query-queued' AND q.seq < cut.size
JOIN entry d ON d.case_id = t.case_id AND d.log = t.log AND d.kind = 'determined' AND d.seq < cut.size
LEFT JOIN story s ON s.case_id = t.case_id
ORDER BY q.at;
