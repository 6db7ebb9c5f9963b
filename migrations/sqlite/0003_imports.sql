-- What imports leave behind: where an actor came from and the values last imported (so that a newer extract never overwrites a citizen's
-- change), what was read but not published (candidates), the street names for placing an actor, and blobs such as the simple base map.

create table origins (
  reference text primary key, -- osm:node/12
  actor blob not null references actors (id),
  version bigint not null,
  licence text not null,
  imported text not null,
  run blob not null,
  at bigint not null
);
create index origins_actor on origins (actor);

create table candidates (
  id blob primary key,
  territory blob not null references territories (id),
  reference text not null,
  name text not null,
  folded text not null,
  category text not null,
  reason text not null,
  lon double precision not null,
  lat double precision not null,
  fields text not null,
  run blob not null,
  taken_by blob,
  unique (territory, reference)
);
create index candidates_territory on candidates (territory, folded);

create table streets (
  territory blob not null references territories (id),
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
  bytes blob not null,
  at bigint not null
);
