-- Who writes: an identity is a device or somebody who came by an invitation. No name, address or e-mail is kept here.
-- Secrets are kept as hashes; the cookie key signs the device cookie.

create table identities (
  id uuid primary key,
  created_at bigint not null,
  recovery_hash text unique
);

create table grants (
  identity uuid not null references identities (id),
  territory uuid references territories (id), -- null: everywhere
  role text not null,
  at bigint not null
);
create index grants_identity on grants (identity);

create table invitations (
  token_hash text primary key,
  role text not null,
  territory uuid references territories (id),
  expires_at bigint not null,
  used_by uuid,
  used_at bigint
);

create table secrets (
  name text primary key,
  value bytea not null
);
