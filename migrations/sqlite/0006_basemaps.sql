-- Which base map a territory shows: the name of an archive in the data folder (basemaps/NAME.pmtiles). Several territories may share one;
-- a territory without a row shows that of the smallest territory around it which has one.

create table basemaps (
  territory blob primary key references territories (id),
  archive text not null,
  at bigint not null
);
