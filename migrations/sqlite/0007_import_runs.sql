-- An import is a run: planned, applied, perhaps undone. What it does to each object of the source is an item, written in the same transaction
-- as its edit, with the origin as it was, so that undoing puts it back. What people must decide is a case in the moderators' queue.

create table import_runs (
  id blob primary key,
  slug text not null, -- the territory; nothing while it is not known, and when the actors went into the territories that were here
  node text not null, -- the data folder that holds its files
  file text not null,
  kind text not null, -- extract or changes
  data_date text,
  state text not null,
  fresh boolean not null, -- it made its territory
  created_at bigint not null,
  applied_at bigint,
  undone_at bigint,
  about text not null -- JSON: counts, what undoing did, error, the boundary as it was asked for
);
create index import_runs_slug on import_runs (slug, created_at);
-- One run of a territory at a time.
create unique index import_runs_active on import_runs (slug) where slug <> '' and state in ('reading', 'planned', 'applying', 'undoing');

create table import_items (
  run blob not null references import_runs (id),
  number bigint not null,
  action text not null,
  reference text not null,
  done boolean not null,
  item text not null,
  earlier text, -- the origin as it was
  primary key (run, number)
);
create index import_items_action on import_items (run, action, number);

create table import_cases (
  id blob primary key,
  kind text not null, -- conflict or closing
  territory blob not null,
  actor blob not null references actors (id),
  field text, -- of a conflict
  reference text not null,
  last text not null,
  here text not null,
  source text not null,
  run blob not null,
  at bigint not null,
  decision text, -- here, source, close or stay
  decided_by blob,
  decided_at bigint,
  ended_run blob -- the run that made it pointless
);
create index import_cases_actor on import_cases (actor);
create index import_cases_open on import_cases (territory, at, id) where decision is null and ended_run is null;
create index import_cases_run on import_cases (run);

alter table journal add column run blob;
create index journal_run on journal (run, seq) where run is not null;
