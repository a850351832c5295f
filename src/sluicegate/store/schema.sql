-- SPDX-License-Identifier: Apache-2.0
-- One file of this shape per installation (bureau, partner, state). No personal data in any column:
-- bytes that carry it are encrypted blobs, named here by digest.
CREATE TABLE IF NOT EXISTS story (
  case_id  TEXT PRIMARY KEY,
  digest   TEXT NOT NULL UNIQUE,
  size     INTEGER NOT NULL,
  channel  TEXT NOT NULL,
  received TEXT NOT NULL,
  state    TEXT NOT NULL,
  version  INTEGER NOT NULL,
  tcn      TEXT NOT NULL DEFAULT '',
  ori      TEXT NOT NULL DEFAULT '',
  cri      TEXT NOT NULL DEFAULT '',
  tot      TEXT NOT NULL DEFAULT '',
  claim    TEXT UNIQUE,  -- ORI/TCN of an admitted booking: nobody else may use it
  dossier  TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS story_state ON story (state, received);
CREATE INDEX IF NOT EXISTS story_tcn ON story (tcn);
-- All that a list of bookings shows or asks for, newest first: no filter has to open a row with its dossier.
CREATE INDEX IF NOT EXISTS story_list ON story (received, case_id, state, tcn, ori, cri, tot, channel, size);

CREATE TABLE IF NOT EXISTS journal (
  case_id TEXT NOT NULL REFERENCES story (case_id),
  version INTEGER NOT NULL,
  stage   TEXT NOT NULL,
  before  TEXT NOT NULL,
  after   TEXT NOT NULL,
  at      TEXT NOT NULL,
  PRIMARY KEY (case_id, version)
);

-- The tree stands on `leaf`, the salted commitment. Body and salt are NULL once erased; the leaf stays.
CREATE TABLE IF NOT EXISTS entry (
  log     TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  at      TEXT NOT NULL,
  kind    TEXT NOT NULL,
  case_id TEXT,
  leaf    BLOB NOT NULL,
  body    TEXT,
  salt    BLOB,
  PRIMARY KEY (log, seq),
  CHECK ((body IS NULL) = (salt IS NULL))
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_of_case ON entry (case_id) WHERE case_id IS NOT NULL;

-- The master log: public statements word for word. Its tree is in `node` and `frontier`, as log `master`.
CREATE TABLE IF NOT EXISTS statement (
  seq     INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  body    TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS statement_about ON statement (kind, subject, seq);

-- Roots of complete subtrees of two leaves and more; level 0 follows from the leaves.
CREATE TABLE IF NOT EXISTS node (
  log   TEXT NOT NULL,
  level INTEGER NOT NULL,
  place INTEGER NOT NULL,
  hash  BLOB NOT NULL,
  PRIMARY KEY (log, level, place)
) WITHOUT ROWID;

-- `newest` is the latest moment that the log has seen, which is not always that of its last entry.
CREATE TABLE IF NOT EXISTS frontier (
  log    TEXT PRIMARY KEY,
  tree   BLOB NOT NULL,
  newest TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS message (
  message_id TEXT PRIMARY KEY,
  case_id    TEXT NOT NULL,
  kind       TEXT NOT NULL,
  channel    TEXT NOT NULL,
  recipient  TEXT NOT NULL,
  sequence   INTEGER NOT NULL,
  digest     TEXT NOT NULL,
  size       INTEGER NOT NULL,
  created    TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'queued',
  attempts   INTEGER NOT NULL DEFAULT 0,
  next_try   TEXT NOT NULL,
  trouble    TEXT NOT NULL DEFAULT '',
  delivered  TEXT,
  UNIQUE (channel, sequence)
);
CREATE INDEX IF NOT EXISTS message_due ON message (state, next_try);
-- Delivered messages stay; without this the search for a channel's next one reads all of them.
CREATE INDEX IF NOT EXISTS message_queued ON message (channel, sequence) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS message_case ON message (case_id);

-- Challenges of people to their records, at the bureau. Parts and reasons are codes; `letter` is the desk's own
-- file number. Who challenges is nowhere in it.
CREATE TABLE IF NOT EXISTS challenge (
  number   INTEGER PRIMARY KEY,
  case_id  TEXT NOT NULL,
  what     TEXT NOT NULL,
  letter   TEXT NOT NULL,
  received TEXT NOT NULL,
  due      TEXT NOT NULL,
  asked    TEXT NOT NULL DEFAULT '',
  alerted  TEXT NOT NULL DEFAULT '',
  outcome  TEXT NOT NULL DEFAULT '',
  reason   TEXT NOT NULL DEFAULT '',
  settled  TEXT NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS alert (
  alert_id INTEGER PRIMARY KEY,
  at       TEXT NOT NULL,
  case_id  TEXT,
  reason   TEXT NOT NULL
);
