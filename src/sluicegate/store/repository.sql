-- SPDX-License-Identifier: Apache-2.0
-- One file of this shape per repository (open, filtered, the partner's own), each with a key of its own.
CREATE TABLE IF NOT EXISTS reference (
  origin      TEXT NOT NULL PRIMARY KEY,
  subject     TEXT NOT NULL,
  template    BLOB NOT NULL,
  transaction_digest TEXT,
  basis       BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS reference_subject ON reference (subject);
-- Origins taken out since, so that a process that holds the gallery in memory takes them out as well.
CREATE TABLE IF NOT EXISTS taken_out (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  origin TEXT NOT NULL
);
