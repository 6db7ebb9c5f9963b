-- Streets, places, municipalities and public places, each with the house numbers along it, for finding an address by text or by point.
-- A row is what one source says of one thing; a source's rows of one scope (of OpenStreetMap: a territory; of the BAN: a commune) are
-- replaced together. The street names of 0003 are among them, so that table goes.

drop table streets;

create table addresses (
  source text not null, -- osm or ban
  scope text not null, -- a territory's id, or an INSEE code
  kind text not null, -- street, locality, municipality or poi
  reference text not null, -- the source's own identifier, or nothing
  name text not null,
  other text not null, -- other names, a line each
  postcode text,
  city text,
  old_city text, -- the commune that it was before a merger
  citycode text, -- INSEE
  lon double precision not null,
  lat double precision not null,
  population bigint,
  poi text, -- what kind of public place: amenity=library
  numbers text not null -- JSON: [["12 bis", lon, lat], …]
);
create index addresses_scope on addresses (source, scope);

create table address_imports (
  source text not null,
  scope text not null,
  rows bigint not null,
  run bigint not null, -- number of the import, so that other nodes see that something changed
  primary key (source, scope)
);
