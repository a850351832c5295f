-- SPDX-License-Identifier: Apache-2.0
-- name: insert_case
INSERT INTO story (case_id, digest, size, channel, received, state, version, tcn, ori, cri, tot, dossier)
VALUES (:case_id, :digest, :size, :channel, :received, :state, 0, :tcn, :ori, :cri, :tot, :dossier);
-- name: case_by_id
SELECT * FROM story WHERE case_id = :case_id;
-- name: case_by_digest
SELECT * FROM story WHERE digest = :digest;
-- name: cases_by_tcn
SELECT * FROM story WHERE tcn = :tcn ORDER BY received;
-- name: twin
SELECT case_id FROM story WHERE claim = :ori || '/' || :tcn AND case_id <> :case_id;
-- name: move_case
UPDATE story SET state = :after, version = version + 1, tcn = :tcn, ori = :ori, cri = :cri, tot = :tot,
  dossier = :dossier, claim = CASE WHEN :after = 'admitted' THEN :ori || '/' || :tcn ELSE claim END
WHERE case_id = :case_id AND state = :before AND version = :version;
-- name: insert_journal
INSERT INTO journal (case_id, version, stage, before, after, at)
VALUES (:case_id, :version, :stage, :before, :after, :at);
-- name: journal_of
SELECT * FROM journal WHERE case_id = :case_id ORDER BY version;
-- name: frontier
SELECT tree FROM frontier WHERE log = :log;
-- name: set_frontier
INSERT INTO frontier (log, tree) VALUES (:log, :tree) ON CONFLICT (log) DO UPDATE SET tree = excluded.tree;
-- name: logs
SELECT log, tree FROM frontier ORDER BY log;
-- name: insert_entry
INSERT INTO entry (log, seq, at, kind, case_id, body, salt)
VALUES (:log, :seq, :at, :kind, :case_id, :body, :salt);
-- name: decided
SELECT * FROM entry WHERE case_id = :case_id AND kind = 'decided' ORDER BY at LIMIT 1;
-- name: newest_entry
SELECT MAX(at) FROM entry WHERE log = :log;
-- name: entries_of
SELECT * FROM entry WHERE case_id = :case_id ORDER BY at, log, seq;
-- name: all_entries
SELECT * FROM entry ORDER BY log, seq;
-- name: insert_node
INSERT INTO node (log, level, place, hash) VALUES (:log, :level, :place, :hash);
-- name: node
SELECT hash FROM node WHERE log = :log AND level = :level AND place = :place;
-- name: next_sequence
SELECT COALESCE(MAX(sequence), 0) + 1 AS next FROM message WHERE channel = :channel;
-- name: insert_message
INSERT INTO message (message_id, case_id, kind, channel, recipient, sequence, digest, size, created, next_try)
VALUES (:message_id, :case_id, :kind, :channel, :recipient, :sequence, :digest, :size, :created, :created);
-- name: message_by_id
SELECT * FROM message WHERE message_id = :message_id;
-- name: messages_of
SELECT * FROM message WHERE case_id = :case_id ORDER BY created, message_id;
-- name: messages_all
SELECT * FROM message ORDER BY channel, sequence;
-- name: messages_due
SELECT m.* FROM message m
WHERE m.state = 'queued' AND m.next_try <= :now AND m.channel NOT LIKE 'http:%'
  AND NOT EXISTS (SELECT 1 FROM message p WHERE p.channel = m.channel AND p.state = 'queued'
                  AND p.sequence < m.sequence)
ORDER BY m.created LIMIT :limit;
-- name: mark_delivered
UPDATE message SET state = 'delivered', delivered = :at, attempts = attempts + 1, trouble = ''
WHERE message_id = :message_id AND state = 'queued';
-- name: mark_trouble
UPDATE message SET attempts = attempts + 1, next_try = :next_try, trouble = :trouble
WHERE message_id = :message_id AND state = 'queued';
-- name: runnable_cases
SELECT case_id, version FROM story WHERE state IN (SELECT value FROM json_each(:states))
ORDER BY received LIMIT :limit;
-- name: cases_in
SELECT * FROM story WHERE state IN (SELECT value FROM json_each(:states)) ORDER BY received;
-- name: counts
SELECT state, COUNT(*) AS n FROM story GROUP BY state ORDER BY state;
-- name: insert_alert
INSERT INTO alert (at, case_id, reason) VALUES (:at, :case_id, :reason);
-- name: alerts
SELECT * FROM alert ORDER BY alert_id;
-- name: enrol
INSERT INTO reference (origin, subject, template, transaction_digest, basis)
VALUES (:origin, :subject, :template, :transaction_digest, :basis)
ON CONFLICT (origin) DO NOTHING;
-- name: references
SELECT origin, subject, template FROM reference ORDER BY origin;
-- name: reference_of_origin
SELECT template FROM reference WHERE origin = :origin;
-- name: references_of
SELECT origin, subject, basis FROM reference WHERE subject = :subject ORDER BY origin;
-- name: expunge
DELETE FROM reference WHERE subject = :subject;
-- name: reference_count
SELECT COUNT(*) AS n FROM reference;
-- name: open_digests
SELECT digest, COALESCE(json_extract(dossier, '$.template'), '') AS template FROM story WHERE state <> 'closed';
-- name: kept_bodies
SELECT digest FROM message
WHERE state = 'queued' OR kind NOT IN (SELECT value FROM json_each(:fleeting));
-- name: messages_on
SELECT * FROM message WHERE channel = :channel ORDER BY sequence;
