-- SPDX-License-Identifier: Apache-2.0
-- name: add_person
INSERT INTO person (name, origin, roles, made, handle) VALUES (:name, :origin, :roles, :made, :handle);
-- name: person
SELECT p.*, (SELECT COUNT(*) FROM passkey k WHERE k.name = p.name) AS passkeys FROM person p WHERE p.name = :name;
-- name: people
SELECT p.*, (SELECT COUNT(*) FROM passkey k WHERE k.name = p.name) AS passkeys FROM person p ORDER BY p.name;
-- name: set_roles
UPDATE person SET roles = :roles WHERE name = :name;
-- name: set_disabled
UPDATE person SET disabled = :disabled WHERE name = :name;
-- name: set_code
UPDATE person SET code = :code, code_until = :until, password = NULL, secret = NULL, step = 0 WHERE name = :name;
-- name: drop_code
UPDATE person SET code = NULL, code_until = 0 WHERE name = :name;
-- name: spend_code
UPDATE person SET code = NULL, code_until = 0
WHERE name = :name AND code = :code AND code_until > :now AND disabled = 0;
-- name: set_factors
UPDATE person SET password = :password, secret = :secret, step = :step WHERE name = :name;
-- name: spend_step
UPDATE person SET step = :step WHERE name = :name AND step < :step;
-- name: add_passkey
INSERT INTO passkey (credential, name, public_key, uses, made) VALUES (:credential, :name, :public_key, :uses, :made);
-- name: passkey
SELECT k.*, p.handle FROM passkey k JOIN person p ON p.name = k.name WHERE k.credential = :credential;
-- name: passkeys_of
SELECT * FROM passkey WHERE name = :name ORDER BY made;
-- name: use_passkey
UPDATE passkey SET uses = :uses WHERE credential = :credential AND (uses < :uses OR (uses = 0 AND :uses = 0));
-- name: drop_passkeys
DELETE FROM passkey WHERE name = :name;
-- name: begin_sitting
INSERT INTO sitting (mark, name, kind, way, began, seen) VALUES (:mark, :name, :kind, :way, :now, :now);
-- name: sitting
SELECT s.*, p.roles, p.disabled, p.origin FROM sitting s JOIN person p ON p.name = s.name WHERE s.mark = :mark;
-- name: sittings_of
SELECT kind, way, began, seen FROM sitting WHERE name = :name ORDER BY began;
-- name: see_sitting
UPDATE sitting SET seen = MAX(seen, :now) WHERE mark = :mark;
-- name: note_sitting
UPDATE sitting SET note = :note WHERE mark = :mark;
-- name: end_sitting
DELETE FROM sitting WHERE mark = :mark;
-- name: end_sittings_of
DELETE FROM sitting WHERE name = :name;
-- name: end_old_sittings
DELETE FROM sitting WHERE began < :began OR seen < :seen;
-- name: ask
INSERT INTO asked (mark, kind, note, until) VALUES (:mark, :kind, :note, :until);
-- name: asked
SELECT note FROM asked WHERE mark = :mark AND kind = :kind AND until > :now;
-- name: answer
DELETE FROM asked WHERE mark = :mark AND kind = :kind AND until > :now;
-- name: forget_asked
DELETE FROM asked WHERE until <= :now;
-- name: count_asked
SELECT COUNT(*) AS n FROM asked;
-- name: tries
SELECT * FROM tries WHERE mark = :mark;
-- name: count_failure
INSERT INTO tries (mark, failures, last, until) VALUES (:mark, 1, :now, 0)
ON CONFLICT (mark) DO UPDATE SET failures = failures + 1, last = :now;
-- name: lock_tries
UPDATE tries SET until = :until WHERE mark = :mark;
-- name: forgive
DELETE FROM tries WHERE mark = :mark;
-- name: forget_tries
DELETE FROM tries WHERE last < :before AND until < :now;
