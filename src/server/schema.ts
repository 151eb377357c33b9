/** Raised with every change of the tables; `migrations[n]` leads from version n to n + 1. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE device (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    token_sha256 TEXT NOT NULL,
    hardware TEXT NOT NULL,
    labels TEXT NOT NULL,
    attributes TEXT NOT NULL DEFAULT '{}',
    reported_version TEXT,
    reported_at_ms INTEGER,
    asks_attributes INTEGER NOT NULL DEFAULT 1,
    installed_action INTEGER
  ) STRICT;

  -- Apart from the device, for it changes with every poll and the device hardly ever.
  CREATE TABLE contact (
    device_row INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE artifact (
    digest TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    sha1 TEXT NOT NULL,
    md5 TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE assignment (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL
  ) STRICT;

  -- One device's share of an assignment; the id is the action id on the wire.
  CREATE TABLE action (
    id INTEGER PRIMARY KEY,
    assignment_row INTEGER NOT NULL REFERENCES assignment,
    device_id TEXT NOT NULL REFERENCES device (id),
    hardware TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    canceling INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '',
    assigned_at_ms INTEGER NOT NULL,
    closed_at_ms INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX action_by_assignment ON action (assignment_row, device_id);
  CREATE UNIQUE INDEX action_open_once ON action (device_id) WHERE closed_at_ms IS NULL;

  CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    device_row INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    assignment_id TEXT,
    message TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_by_device ON event (device_row, id);
  `,
  // A column of its own, not a member of the content: a server that knows no staging must not open the file.
  "ALTER TABLE assignment ADD COLUMN staged INTEGER NOT NULL DEFAULT 0",
  `
  CREATE TABLE rollout (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    began_at_ms INTEGER NOT NULL,
    newest_seq INTEGER NOT NULL,
    newest_hash TEXT NOT NULL
  ) STRICT;

  CREATE TABLE rollout_record (
    rollout_row INTEGER NOT NULL REFERENCES rollout,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (rollout_row, seq)
  ) STRICT;

  CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
