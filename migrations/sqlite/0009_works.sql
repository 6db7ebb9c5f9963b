-- What a committee writes: figures, reports with their blocks, participation devices. They are subjects of the journal, and works is their fold, as actors is.
-- A frozen work keeps the files that were produced, by the hash of their bytes; the same bytes are kept once.

create table works (
  id blob primary key,
  kind text not null, -- figure, report, block, device
  home blob not null references territories (id),
  parent blob, -- the report of a block
  author blob, -- null: the installation itself
  doc text not null,
  deleted boolean not null,
  created_at bigint not null,
  updated_at bigint not null,
  seq bigint not null
);
create index works_home on works (home, kind);
create index works_parent on works (parent);

create table files (
  sha256 text primary key,
  media_type text not null,
  bytes blob not null
);

create table work_files (
  work blob not null references works (id),
  name text not null, -- a4.pdf, geojson, selection.json…
  sha256 text not null references files (sha256),
  erased_at bigint, -- an erasure drew the file again at this time
  primary key (work, name)
);
create index work_files_sha256 on work_files (sha256);
