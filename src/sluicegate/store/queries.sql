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
-- name: lock_tree
UPDATE frontier SET tree = tree WHERE log = :log;
-- name: frontier
SELECT tree FROM frontier WHERE log = :log;
-- name: set_frontier
INSERT INTO frontier (log, tree, newest) VALUES (:log, :tree, :newest)
ON CONFLICT (log) DO UPDATE SET tree = excluded.tree, newest = MAX(newest, excluded.newest);
-- name: logs
SELECT log, tree, newest FROM frontier ORDER BY log;
-- name: newest_entry
SELECT newest FROM frontier WHERE log = :log;
-- name: insert_node
INSERT INTO node (log, level, place, hash) VALUES (:log, :level, :place, :hash);
-- name: nodes
SELECT n.level, n.place, n.hash FROM json_each(:wanted) AS w
CROSS JOIN node AS n ON n.log = :log AND n.level = json_extract(w.value, '$[0]')
  AND n.place = json_extract(w.value, '$[1]');
-- name: all_nodes
SELECT level, place, hash FROM node WHERE log = :log ORDER BY level, place;
-- name: node_logs
SELECT DISTINCT log FROM node;
-- name: level_run
SELECT place, hash FROM node WHERE log = :log AND level = :level AND place >= :low AND place < :high
ORDER BY place;
-- name: insert_entry
INSERT INTO entry (log, seq, at, kind, case_id, leaf, body, salt)
VALUES (:log, :seq, :at, :kind, :case_id, :leaf, :body, :salt);
-- name: entry_last
SELECT MAX(seq) AS last FROM entry WHERE log = :log;
-- name: first_entry
SELECT MIN(at) AS at FROM entry;
-- name: entry_leaves
SELECT seq, leaf FROM entry WHERE log = :log AND seq IN (SELECT value FROM json_each(:places));
-- name: entry_run
SELECT seq, leaf FROM entry WHERE log = :log AND seq >= :low AND seq < :high ORDER BY seq;
-- name: entry_first_after
SELECT MIN(seq) AS first FROM entry WHERE log = :log AND seq >= :low AND at >= :at;
-- name: entry_at
SELECT * FROM entry WHERE log = :log AND seq = :seq;
-- name: erase_entries
UPDATE entry SET body = NULL, salt = NULL
WHERE log = :log AND seq IN (SELECT value FROM json_each(:places)) AND body IS NOT NULL;
-- name: decided_entries
SELECT log, seq, body FROM entry WHERE kind = 'decided' AND body IS NOT NULL ORDER BY at, log, seq;
-- name: decided
SELECT * FROM entry WHERE case_id = :case_id AND kind = 'decided' ORDER BY at LIMIT 1;
-- name: entries_of
SELECT * FROM entry WHERE case_id = :case_id ORDER BY at, log, seq;
-- name: all_entries
SELECT * FROM entry ORDER BY log, seq;
-- name: entries_in_log
SELECT * FROM entry WHERE log = :log ORDER BY seq;
-- name: insert_statement
INSERT INTO statement (seq, kind, subject, body) VALUES (:seq, :kind, :subject, :body);
-- name: statement_last
SELECT MAX(seq) AS last FROM statement WHERE :log = 'master';
-- name: statement_leaves
SELECT seq, CAST(body AS BLOB) AS leaf FROM statement
WHERE :log = 'master' AND seq IN (SELECT value FROM json_each(:places));
-- name: statement_run
SELECT seq, CAST(body AS BLOB) AS leaf FROM statement
WHERE :log = 'master' AND seq >= :low AND seq < :high ORDER BY seq;
-- name: all_statements
SELECT * FROM statement ORDER BY seq;
-- name: statements_about
SELECT * FROM statement WHERE kind = :kind AND subject = :subject ORDER BY seq;
-- name: statements_of_kind
SELECT * FROM statement WHERE kind = :kind ORDER BY seq;
-- name: newest_statement
SELECT * FROM statement WHERE kind = :kind AND subject = :subject ORDER BY seq DESC LIMIT 1;
-- name: newest_statements
SELECT * FROM statement WHERE seq IN (SELECT MAX(seq) FROM statement WHERE kind = :kind GROUP BY subject)
ORDER BY subject;
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
-- name: listed
SELECT case_id, received, state, tcn, ori, cri, tot, channel, size FROM story INDEXED BY story_list
WHERE received >= :begins AND received < :ends AND (received, case_id) < (:after_at, :after_case)
  AND (:state = '' OR state = :state) AND (:agency = '' OR ori = :agency OR cri = :agency)
  AND (:part = '' OR instr(tcn, :part) OR case_id = :part)
ORDER BY received DESC, case_id DESC LIMIT :limit;
-- name: oldest_by_state
SELECT state, COUNT(*) AS n, MIN(received) AS oldest FROM story GROUP BY state ORDER BY state;
-- name: queue_lengths
SELECT m.channel, COUNT(*) AS n, MIN(m.created) AS oldest, MAX(m.attempts) AS attempts,
  COALESCE((SELECT t.trouble FROM message t WHERE t.channel = m.channel AND t.state = 'queued'
            AND t.trouble <> '' ORDER BY t.sequence LIMIT 1), '') AS trouble,
  MIN(m.next_try) AS next_try
FROM message m WHERE m.state = 'queued' GROUP BY m.channel ORDER BY MIN(m.created);
-- name: newest_alerts
SELECT alert_id, at, case_id, reason FROM alert ORDER BY alert_id DESC LIMIT :limit;
-- name: alert_count
SELECT COUNT(*) AS n FROM alert;
-- name: open_challenge
INSERT INTO challenge (case_id, what, letter, received, due)
VALUES (:case_id, :what, :letter, :received, :due) RETURNING number;
-- name: challenge
SELECT * FROM challenge WHERE number = :number;
-- name: challenges
SELECT * FROM challenge ORDER BY outcome <> '', due, number LIMIT :limit;
-- name: challenges_of
SELECT number FROM challenge WHERE case_id = :case_id AND what = :what AND outcome = '';
-- name: overdue_challenges
SELECT * FROM challenge WHERE outcome = '' AND alerted = '' AND due < :now ORDER BY number;
-- name: ask_of_challenge
UPDATE challenge SET asked = :at WHERE number = :number AND asked = '' AND outcome = '';
-- name: alert_challenge
UPDATE challenge SET alerted = :at WHERE number = :number AND alerted = '' AND outcome = '';
-- name: settle_challenge
UPDATE challenge SET outcome = :outcome, reason = :reason, settled = :at WHERE number = :number AND outcome = '';
-- name: renumber
UPDATE reference SET subject = :subject WHERE origin = :origin AND subject <> :subject;
-- name: answered
SELECT case_id, COUNT(*) OVER () AS n FROM story
WHERE state IN ('determined', 'closed') AND json_extract(dossier, '$.status') IS NOT NULL
ORDER BY received DESC, case_id DESC LIMIT :limit;
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
-- name: templates_of
SELECT origin, template FROM reference WHERE subject = :subject ORDER BY origin;
-- name: whole_reference
SELECT * FROM reference WHERE origin = :origin;
-- name: take_out
DELETE FROM reference WHERE origin = :origin;
-- name: note_taken_out
INSERT INTO taken_out (origin) VALUES (:origin);
-- name: last_taken_out
SELECT COALESCE(MAX(number), 0) FROM taken_out;
-- name: taken_out
SELECT number, origin FROM taken_out WHERE number > :after ORDER BY number;
-- name: reference_count
SELECT COUNT(*) AS n FROM reference;
-- name: open_digests
SELECT digest, COALESCE(json_extract(dossier, '$.template'), '') AS template FROM story WHERE state <> 'closed';
-- name: kept_bodies
SELECT digest FROM message
WHERE state = 'queued' OR kind NOT IN (SELECT value FROM json_each(:fleeting));
-- name: messages_on
SELECT * FROM message WHERE channel = :channel AND digest <> '' ORDER BY sequence;
-- name: expunge_case
UPDATE story SET state = :after, version = version + 1, digest = :after || ' ' || case_id, size = 0,
  tcn = '', ori = '', cri = '', tot = '', claim = NULL, dossier = :dossier
WHERE case_id = :case_id AND state = :before AND version = :version;
-- name: expunge_messages
UPDATE message SET digest = '', size = 0, recipient = '', trouble = '',
  state = CASE WHEN state = 'queued' THEN 'expunged' ELSE state END
WHERE case_id = :case_id;
-- name: expunge_alerts
DELETE FROM alert WHERE case_id = :case_id;
-- name: set_dossier
UPDATE story SET dossier = :dossier, version = version + 1 WHERE case_id = :case_id AND version = :version;
-- name: case_by_reference
SELECT * FROM story WHERE json_extract(dossier, '$.reference') = :reference;
-- name: expunging
SELECT * FROM story WHERE state IN ('expunged', 'sealed') AND json_extract(dossier, '$.pending') IS NOT NULL;
-- name: hold_case
UPDATE story SET version = version WHERE case_id = :case_id AND version = :version;
-- name: alerts_of
SELECT at, reason FROM alert WHERE case_id = :case_id ORDER BY alert_id;
-- name: bundles
SELECT case_id, json_extract(dossier, '$.bundle') AS digest FROM story WHERE state = 'sealed';
-- name: unseal_case
UPDATE story SET state = :after, version = version + 1, digest = :digest, size = :size, tcn = :tcn, ori = :ori,
  cri = :cri, tot = :tot, claim = :claim, dossier = :dossier
WHERE case_id = :case_id AND state = 'sealed' AND version = :version;
-- name: unseal_entry
UPDATE entry SET body = :body, salt = :salt
WHERE log = :log AND seq = :seq AND case_id = :case_id AND body IS NULL;
-- name: unseal_message
UPDATE message SET digest = :digest, size = :size, recipient = :recipient, trouble = :trouble, state = :state
WHERE message_id = :message_id AND case_id = :case_id;
