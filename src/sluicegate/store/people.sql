-- SPDX-License-Identifier: Apache-2.0
-- Who may work at the desks, and who sits there now. Moments are seconds since 1970, in real time: a drill's
-- clock is not the clock of the people who play it. No secret is readable here: passwords and codes are
-- hashed, marks are hashes of what a browser holds, and the secrets of code generators are encrypted.
CREATE TABLE IF NOT EXISTS person (
  name       TEXT PRIMARY KEY,
  origin     TEXT NOT NULL,            -- 'local', or 'oidc' for a provider's account
  roles      TEXT NOT NULL,            -- JSON list
  made       REAL NOT NULL,
  disabled   INTEGER NOT NULL DEFAULT 0,
  handle     BLOB NOT NULL UNIQUE,     -- by which an authenticator knows the person
  password   BLOB,
  secret     BLOB,                     -- of the code generator, encrypted
  step       INTEGER NOT NULL DEFAULT 0,  -- the last time step whose code was used
  code       BLOB,                     -- hash of the enrolment code, once
  code_until REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS passkey (
  credential BLOB PRIMARY KEY,
  name       TEXT NOT NULL REFERENCES person (name),
  public_key BLOB NOT NULL,
  uses       INTEGER NOT NULL,
  made       REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS sitting (
  mark  BLOB PRIMARY KEY,              -- SHA-256 of the token that the browser holds
  name  TEXT NOT NULL REFERENCES person (name),
  kind  TEXT NOT NULL,                 -- 'full', or 'enrol' while a second factor is being set up
  way   TEXT NOT NULL,
  began REAL NOT NULL,
  seen  REAL NOT NULL,
  note  BLOB                           -- encrypted: a code generator's secret that is not confirmed yet
);
CREATE INDEX IF NOT EXISTS sitting_of ON sitting (name);
-- What a browser was asked and has not answered: a passkey's challenge, a provider's state.
CREATE TABLE IF NOT EXISTS asked (
  mark  BLOB PRIMARY KEY,
  kind  TEXT NOT NULL,
  note  TEXT NOT NULL,
  until REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS tries (
  mark     BLOB PRIMARY KEY,           -- HMAC of the name that was tried, known or not
  failures INTEGER NOT NULL,
  last     REAL NOT NULL,
  until    REAL NOT NULL
);
