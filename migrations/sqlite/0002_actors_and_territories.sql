-- The fold of the journal: what every subject is now. Fields and their history marks are JSON documents, because the grammar of fields
-- lives in src/model; places and memberships are tables of their own, because other tools join on them.

create table territories (
  id blob primary key,
  slug text not null unique,
  deleted boolean not null,
  doc text not null,
  created_at bigint not null,
  updated_at bigint not null,
  seq bigint not null
);

create table actors (
  id blob primary key,
  home blob not null references territories (id),
  doc text not null,
  deleted boolean not null,
  created_at bigint not null,
  updated_at bigint not null,
  seq bigint not null
);
create index actors_home on actors (home);

create table places (
  actor blob not null references actors (id),
  place text not null,
  lon double precision not null, -- degrees WGS84
  lat double precision not null,
  precision text not null,
  primary key (actor, place)
);

-- The territories whose boundary covers one of an actor's places.
create table memberships (
  actor blob not null references actors (id),
  territory blob not null references territories (id),
  primary key (actor, territory)
);
create index memberships_territory on memberships (territory);
