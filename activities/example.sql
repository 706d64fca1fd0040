-- What the example queues read and write, with the rows that they start from.

PRAGMA journal_mode = WAL;

-- your_queue: articles of two workspaces' help centres, and what was made of them.

CREATE TABLE entities (
  id TEXT PRIMARY KEY,
  workspace_id INTEGER NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL
);

CREATE TABLE processed_entities (
  entity_id TEXT PRIMARY KEY REFERENCES entities (id),
  text TEXT NOT NULL,
  words INTEGER NOT NULL,
  checksum TEXT NOT NULL
);

INSERT INTO entities (id, workspace_id, title, body) VALUES
  ('X', 1, 'Invite your team', 'Open Settings → Members and paste up to fifty
addresses.  Everyone gets a link that is valid for seven days; an expired one can be sent again.'),
  ('entity-1', 1, 'Connect a calendar', 'Choose Google or Microsoft, sign in once, and pick
the calendars to show. We ask for read access only.'),
  ('entity-2', 1, 'Export your data', 'An export holds every document as Markdown and every
table as CSV. Large workspaces take up to an hour; we mail you the link.'),
  ('entity-3', 1, 'Why a sync is paused', 'A sync pauses after five failures in a row. Check
that the token is still valid, then press Resume.'),
  ('entity-4', 1, 'Roles and permissions', 'Viewers read, editors write, admins manage members
and billing. A role applies to the whole workspace; a space may narrow it.'),
  ('entity-5', 1, 'Two-factor sign-in', 'Scan the code with any authenticator. Keep the ten
recovery codes somewhere safe: each works once.'),
  ('entity-6', 1, 'Searching', 'Quote a phrase to find it exactly, put a minus before a word
to leave it out, and use from: and in: to narrow the result.'),
  ('entity-7', 1, 'Bring your own domain', 'Add the two CNAME records that the page shows. The
certificate is issued within minutes of the ﬁrst successful look-up.'),
  ('entity-8', 2, 'Refunds', 'Refunds go to the card that was charged and arrive after three to
five working days.'),
  ('entity-9', 2, 'Delivery times', 'Orders placed before 14:00 leave the same day. Islands and
mountain villages take two days more.'),
  ('entity-10', 2, 'Changing an address', 'An address can be changed until the parcel is
labelled, usually one hour after the order.'),
  ('draft-1', 1, 'Untitled', ' ');

-- package_index: the text files of installed Python packages, as collected and as indexed.

CREATE TABLE package_files (
  package TEXT NOT NULL,
  path TEXT NOT NULL,
  body TEXT NOT NULL,
  words INTEGER NOT NULL,
  PRIMARY KEY (package, path)
);

CREATE VIRTUAL TABLE package_text USING fts5 (package UNINDEXED, path UNINDEXED, body);

-- usage_report: what was used, as it happened and summed up for each day.

CREATE TABLE usage_events (
  at TEXT NOT NULL, -- RFC 3339, UTC
  workspace_id INTEGER NOT NULL,
  feature TEXT NOT NULL,
  units INTEGER NOT NULL
);

CREATE INDEX usage_events_at ON usage_events (at);

CREATE TABLE daily_usage (
  day TEXT NOT NULL,
  workspace_id INTEGER NOT NULL,
  feature TEXT NOT NULL,
  events INTEGER NOT NULL,
  units INTEGER NOT NULL,
  PRIMARY KEY (day, workspace_id, feature)
);

INSERT INTO usage_events (at, workspace_id, feature, units) VALUES
  ('2026-03-02T00:00:00Z', 1, 'sync', 120),
  ('2026-03-02T07:58:12Z', 1, 'search', 1),
  ('2026-03-02T08:03:41Z', 1, 'search', 1),
  ('2026-03-02T09:15:09Z', 2, 'search', 1),
  ('2026-03-02T11:42:50Z', 1, 'export', 38),
  ('2026-03-02T15:20:33Z', 2, 'search', 1),
  ('2026-03-02T23:59:59Z', 2, 'sync', 75),
  ('2026-03-03T00:00:00Z', 1, 'sync', 118),
  ('2026-03-03T08:31:27Z', 1, 'search', 1),
  ('2026-03-03T10:07:05Z', 2, 'export', 12),
  ('2026-03-03T14:49:16Z', 1, 'search', 1),
  ('2026-03-04T00:00:00Z', 1, 'sync', 121),
  ('2026-03-04T09:12:44Z', 2, 'search', 1),
  ('2026-03-04T16:36:58Z', 1, 'export', 40);
