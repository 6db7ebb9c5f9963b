-- The fold of the journal: what every subject is now. Fields and their history marks are JSON documents, because the grammar of fields
-- lives in src/model; places and memberships are tables of their own, because other tools join on them.

create table territories (
  id uuid primary key,
  slug text not null unique,
  deleted boolean not null,
  doc jsonb not null,
  created_at bigint not null,
  updated_at bigint not null,
  seq bigint not null,
  -- Kept by the database from the boundary in the document.
  geom geometry(Geometry, 4326) generated always as (st_setsrid(st_geomfromgeojson((doc->'fields'->'boundary')::text), 4326)) stored
);

create table actors (
  id uuid primary key,
  home uuid not null references territories (id),
  doc jsonb not null,
  deleted boolean not null,
  created_at bigint not null,
  updated_at bigint not null,
  seq bigint not null
);
create index actors_home on actors (home);

create table places (
  actor uuid not null references actors (id),
  place text not null,
  lon double precision not null, -- degrees WGS84
  lat double precision not null,
  precision text not null,
  geom geometry(Point, 4326) generated always as (st_setsrid(st_makepoint(lon, lat), 4326)) stored,
  primary key (actor, place)
);

-- The territories whose boundary covers one of an actor's places.
create table memberships (
  actor uuid not null references actors (id),
  territory uuid not null references territories (id),
  primary key (actor, territory)
);
create index memberships_territory on memberships (territory);

create index places_geom on places using gist (geom);
create index territories_geom on territories using gist (geom);

-- For QGIS and SQL: one row per place of every actor on the map. Read only.
create view actors_on_map as
select p.actor::text || '/' || p.place as id, a.id as actor, p.place, a.doc->'fields'->>'name' as name,
  a.doc->'fields'->>'primary_category' as category, a.doc->'fields'->>'summary' as summary,
  a.doc->'fields'->>'website' as website, a.doc->'fields'->>'phone' as phone, a.doc->'fields'->>'email' as email,
  a.doc->'fields'->>'opening_hours' as opening_hours, p.precision,
  (a.doc->'fields'->>'confirmed_on') is not null as confirmed, to_timestamp(a.updated_at / 1000.0) as updated_at, p.geom
from places p join actors a on a.id = p.actor where not a.deleted;
comment on view actors_on_map is 'One row per place of every actor on the map (EPSG:4326). Read only: writes go through the API.';

-- For QGIS and SQL: one row per territory with a boundary. Read only.
create view territories_on_map as
select t.id, t.slug, t.doc->'fields'->>'name' as name, t.doc->'fields'->>'kind' as kind, t.doc->'fields'->>'code' as code,
  (t.doc->'fields'->>'population')::bigint as population, t.geom
from territories t where t.geom is not null;
comment on view territories_on_map is 'One row per territory with a boundary (EPSG:4326). Read only: writes go through the API.';
