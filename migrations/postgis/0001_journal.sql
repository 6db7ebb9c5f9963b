-- The journal: one gap-free sequence of accepted edits, the answers already given, and the conflicts that people must settle.
-- The single row of journal_head is locked first by every writing transaction; its number is the order of everything.

create table journal_head (
  one integer primary key check (one = 1),
  epoch bigint not null,
  head bigint not null
);
insert into journal_head (one, epoch, head) values (1, 1, 0);

create table journal (
  seq bigint primary key,
  epoch bigint not null,
  edit_id uuid not null unique,
  group_id uuid,
  kind text not null,
  subject_kind text not null,
  subject_id uuid not null,
  author uuid,
  source text,
  at bigint not null, -- UTC, milliseconds since 1970
  before_values jsonb not null,
  after_values jsonb not null,
  reverts bigint
);
create index journal_subject on journal (subject_id, seq);
create index journal_author on journal (author, seq);
create index journal_reverts on journal (reverts);

-- The answer to every edit, so that a client that asks again gets the same one.
create table acks (
  edit_id uuid primary key,
  payload_hash text not null,
  ack jsonb not null,
  at bigint not null
);

-- A value that was not written because somebody else had changed the field: both are kept.
create table conflicts (
  id uuid primary key,
  edit_id uuid not null,
  subject_kind text not null,
  subject_id uuid not null,
  field text not null,
  mine jsonb not null,
  theirs jsonb not null,
  author uuid,
  at bigint not null
);
create index conflicts_subject on conflicts (subject_id);
