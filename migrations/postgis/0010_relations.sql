-- How actors stand to one another, out of their field `relations`, so that an actor is found by those that name it. Nobody could write that field before this.

create table relations (
  actor uuid not null references actors (id),
  kind text not null, -- partner, member_of, funds, hosts, shares_place
  other uuid not null, -- not a reference: the other may be gone
  primary key (actor, kind, other)
);
create index relations_other on relations (other);
