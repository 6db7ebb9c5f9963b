-- What imports leave behind: where an actor came from and the values last imported (so that a newer extract never overwrites a citizen's
-- change), what was read but not published (candidates), the street names for placing an actor, and blobs such as the simple base map.

create table origins (
  reference text primary key, -- osm:node/12
  actor uuid not null references actors (id),
  version bigint not null,
  licence text not null,
  imported jsonb not null,
  run uuid not null,
  at bigint not null
);
create index origins_actor on origins (actor);

create table candidates (
  id uuid primary key,
  territory uuid not null references territories (id),
  reference text not null,
  name text not null,
  folded text not null,
  category text not null,
  reason text not null,
  lon double precision not null,
  lat double precision not null,
  fields jsonb not null,
  run uuid not null,
  taken_by uuid,
  unique (territory, reference)
);
create index candidates_territory on candidates (territory, folded);

create table streets (
  territory uuid not null references territories (id),
  name text not null,
  folded text not null,
  lon double precision not null,
  lat double precision not null,
  postcode text,
  city text,
  primary key (territory, folded)
);

create table blobs (
  name text primary key,
  media_type text not null,
  encoding text not null,
  digest text not null,
  bytes bytea not null,
  at bigint not null
);
