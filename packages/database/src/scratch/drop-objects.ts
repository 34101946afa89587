/** Drops every schema but public, and everything in public; what belongs to an extension stays with it. */
export const DROP_OBJECTS = `
do $$
declare
  entry record;
begin
  for entry in
    select nspname from pg_catalog.pg_namespace as n
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')
      and not exists (select from pg_catalog.pg_depend where objid = n.oid and deptype = 'e')
  loop
    execute format('drop schema %I cascade', entry.nspname);
  end loop;
  for entry in
    select oid, relkind, relname from pg_catalog.pg_class as c
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'f', 'v', 'm', 'S')
      and not exists (select from pg_catalog.pg_depend where objid = c.oid and deptype = 'e')
  loop
    if exists (select from pg_catalog.pg_class where oid = entry.oid) then
      execute format('drop %s public.%I cascade', case entry.relkind when 'v' then 'view'
        when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end,
        entry.relname);
    end if;
  end loop;
  for entry in
    select oid from pg_catalog.pg_proc as p
    where pronamespace = 'public'::regnamespace
      and not exists (select from pg_catalog.pg_depend where objid = p.oid and deptype = 'e')
  loop
    if exists (select from pg_catalog.pg_proc where oid = entry.oid) then
      execute format('drop routine %s cascade', entry.oid::regprocedure);
    end if;
  end loop;
  for entry in
    select oid, typname from pg_catalog.pg_type as t
    where typnamespace = 'public'::regnamespace and typtype in ('e', 'd', 'c', 'r') and typelem = 0
      and not exists (select from pg_catalog.pg_depend where objid = t.oid and deptype = 'e')
  loop
    if exists (select from pg_catalog.pg_type where oid = entry.oid) then
      execute format('drop type public.%I cascade', entry.typname);
    end if;
  end loop;
end
$$;
`;
