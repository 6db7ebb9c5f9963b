-- Séances (carto-parties). A séance and the pieces of its area are subjects of the journal: seances and cells are their fold, as actors are.
-- Who takes part is no subject: a nickname is personal data, lives here alone, and can be erased (null) while the edits stay.
-- The door is what lets people in: its code and the number that its link is made from; both change when it is renewed.

alter table journal add column seance uuid;
create index journal_seance on journal (seance, seq);

create table seances (
  id uuid primary key,
  home uuid not null references territories (id),
  doc jsonb not null,
  deleted boolean not null,
  created_at bigint not null,
  updated_at bigint not null,
  seq bigint not null
);
create index seances_home on seances (home);

create table cells (
  id uuid primary key,
  seance uuid not null references seances (id),
  doc jsonb not null,
  deleted boolean not null,
  updated_at bigint not null,
  seq bigint not null
);
create index cells_seance on cells (seance);

create table participants (
  id uuid primary key,
  seance uuid not null references seances (id),
  identity uuid not null,
  nickname text, -- null: erased
  color bigint not null,
  joined_at bigint not null,
  revoked_at bigint,
  unique (seance, identity)
);

create table doors (
  seance uuid primary key references seances (id),
  generation bigint not null,
  code text unique, -- null: nobody comes in
  token_hash text unique, -- SHA-256 of the link's token; the token itself is made anew from the generation and a secret
  screen bigint not null -- generation of the projector's link
);
