import { sql } from '../sql.ts';
import { catalogOid } from './fragments.ts';

const relation = sql`
  case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'c' then 'type'
    when 'i' then 'index' when 'I' then 'index' else 'table' end`;

const key = sql`pg_catalog.jsonb_build_array`;

/** The oid of the constraint that an index stands behind. */
const backed = sql`
  select b.conindid, b.conname, b.conrelid from pg_catalog.pg_constraint b where b.contype in ('p', 'u', 'x')`;

/**
 * Everything in the schemas asked for, with the key it goes by. Parts that nobody names, such as the rule behind a view or a
 * row type, go by what they are a part of.
 */
const identified = sql`
  select ${catalogOid('pg_class')}::pg_catalog.oid as classid, c.oid as objid, 0 as objsubid,
    case when b.conindid is not null then ${key}('constraint', n.nspname, bt.relname, b.conname)
      else ${key}(${relation}, n.nspname, c.relname) end as key
  from here n join pg_catalog.pg_class c on c.relnamespace = n.oid
  left join (${backed}) b on b.conindid = c.oid and c.relkind in ('i', 'I')
  left join pg_catalog.pg_class bt on bt.oid = b.conrelid
  where c.relkind <> 't'
  union all
  select ${catalogOid('pg_class')}, c.oid, a.attnum,
    case when c.relkind in ('r', 'p', 'f') then ${key}('column', n.nspname, c.relname, a.attname)
      else ${key}(${relation}, n.nspname, c.relname) end
  from here n join pg_catalog.pg_class c on c.relnamespace = n.oid
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'p', 'f', 'v', 'm', 'c')
  union all
  select ${catalogOid('pg_attrdef')}, ad.oid, 0, ${key}('default', n.nspname, c.relname, a.attname)
  from here n join pg_catalog.pg_class c on c.relnamespace = n.oid
  join pg_catalog.pg_attrdef ad on ad.adrelid = c.oid
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = ad.adnum
  union all
  select ${catalogOid('pg_constraint')}, o.oid, 0,
    case when o.contype = 'n' then ${key}('column', n.nspname, c.relname, a.attname)
      else ${key}('constraint', n.nspname, c.relname, o.conname) end
  from here n join pg_catalog.pg_class c on c.relnamespace = n.oid
  join pg_catalog.pg_constraint o on o.conrelid = c.oid
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = o.conkey[1]
  union all
  select ${catalogOid('pg_constraint')}, o.oid, 0, ${key}('type', n.nspname, t.typname)
  from here n join pg_catalog.pg_type t on t.typnamespace = n.oid
  join pg_catalog.pg_constraint o on o.contypid = t.oid
  union all
  select ${catalogOid('pg_trigger')}, g.oid, 0,
    case when o.oid is not null and g.tgisinternal then ${key}('constraint', cn.nspname, cc.relname, o.conname)
      else ${key}('trigger', n.nspname, c.relname, g.tgname) end
  from here n join pg_catalog.pg_class c on c.relnamespace = n.oid
  join pg_catalog.pg_trigger g on g.tgrelid = c.oid
  left join pg_catalog.pg_constraint o on o.oid = g.tgconstraint
  left join pg_catalog.pg_class cc on cc.oid = o.conrelid
  left join pg_catalog.pg_namespace cn on cn.oid = cc.relnamespace
  union all
  select ${catalogOid('pg_policy')}, p.oid, 0, ${key}('policy', n.nspname, c.relname, p.polname)
  from here n join pg_catalog.pg_class c on c.relnamespace = n.oid
  join pg_catalog.pg_policy p on p.polrelid = c.oid
  union all
  select ${catalogOid('pg_rewrite')}, r.oid, 0,
    case when r.rulename = '_RETURN' then ${key}(${relation}, n.nspname, c.relname)
      else ${key}('rule', n.nspname, c.relname, r.rulename) end
  from here n join pg_catalog.pg_class c on c.relnamespace = n.oid
  join pg_catalog.pg_rewrite r on r.ev_class = c.oid
  union all
  select ${catalogOid('pg_proc')}, p.oid, 0,
    ${key}('function', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid))
  from here n join pg_catalog.pg_proc p on p.pronamespace = n.oid
  union all
  select ${catalogOid('pg_type')}, t.oid, 0,
    case when c.relkind is not null then ${key}(${relation}, n.nspname, c.relname)
      else ${key}('type', n.nspname, coalesce(e.typname, rt.typname, t.typname)) end
  from here n join pg_catalog.pg_type t on t.typnamespace = n.oid
  left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A' and e.typrelid = 0
  left join pg_catalog.pg_type el on el.oid = t.typelem and t.typcategory = 'A'
  left join pg_catalog.pg_range r on r.rngmultitypid = t.oid
  left join pg_catalog.pg_type rt on rt.oid = r.rngtypid
  left join pg_catalog.pg_class c on c.oid = coalesce(nullif(t.typrelid, 0), el.typrelid) and c.oid <> 0
  union all
  select ${catalogOid('pg_collation')}, l.oid, 0, ${key}('collation', n.nspname, l.collname)
  from here n join pg_catalog.pg_collation l on l.collnamespace = n.oid
  union all
  select ${catalogOid('pg_statistic_ext')}, s.oid, 0, ${key}('statistics', n.nspname, s.stxname)
  from here n join pg_catalog.pg_statistic_ext s on s.stxnamespace = n.oid
  union all
  select ${catalogOid('pg_publication')}, pb.oid, 0, ${key}('publication', pb.pubname)
  from pg_catalog.pg_publication pb
  union all
  select ${catalogOid('pg_publication_rel')}, pr.oid, 0, ${key}('publication', pb.pubname)
  from pg_catalog.pg_publication pb join pg_catalog.pg_publication_rel pr on pr.prpubid = pb.oid
  union all
  select ${catalogOid('pg_event_trigger')}, e.oid, 0, ${key}('event trigger', e.evtname)
  from pg_catalog.pg_event_trigger e
  union all
  select ${catalogOid('pg_extension')}, x.oid, 0, ${key}('extension', x.extname)
  from pg_catalog.pg_extension x`;

const members = sql`
  select d.classid, d.objid, ${key}('extension', x.extname) as key
  from pg_catalog.pg_depend d
  join pg_catalog.pg_extension x on d.refclassid = ${catalogOid('pg_extension')} and x.oid = d.refobjid
  where d.deptype = 'e'`;

/** Inheritance that `pg_depend` does not record for itself: what a child has because its parent has it. */
const inherited = sql`
  select ${key}('column', cn.nspname, c.relname, a.attname), ${key}('column', pn.nspname, pc.relname, a.attname)
  from pg_catalog.pg_inherits h
  join pg_catalog.pg_class c on c.oid = h.inhrelid and c.relkind in ('r', 'p', 'f')
  join here cn on cn.oid = c.relnamespace
  join pg_catalog.pg_class pc on pc.oid = h.inhparent
  join here pn on pn.oid = pc.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and a.attinhcount > 0
  union all
  select ${key}('constraint', cn.nspname, c.relname, o.conname),
    ${key}('constraint', pn.nspname, pc.relname, coalesce(po.conname, o.conname))
  from pg_catalog.pg_inherits h
  join pg_catalog.pg_class c on c.oid = h.inhrelid and c.relkind in ('r', 'p', 'f')
  join here cn on cn.oid = c.relnamespace
  join pg_catalog.pg_class pc on pc.oid = h.inhparent
  join here pn on pn.oid = pc.relnamespace
  join pg_catalog.pg_constraint o on o.conrelid = c.oid and o.contype <> 'n'
    and (o.conparentid <> 0 or (o.coninhcount > 0 and not o.conislocal))
  left join pg_catalog.pg_constraint po on po.oid = o.conparentid`;

/** See `CatalogDependency`. What lies in a schema, or in a table as a column, is known without being listed. */
export const dependencies = sql`
  with here as materialized (
    select n.oid, n.nspname from pg_catalog.pg_namespace n where n.nspname = any (wanted.names)
  ), identified as materialized (${identified}
  ), members as materialized (${members}
  ), pairs as (
    select coalesce(mo.key, o.key) as object, coalesce(mr.key, r.key) as needs
    from pg_catalog.pg_depend d
    left join identified o on o.classid = d.classid and o.objid = d.objid and o.objsubid = d.objsubid
    left join members mo on mo.classid = d.classid and mo.objid = d.objid
    left join identified r on r.classid = d.refclassid and r.objid = d.refobjid and r.objsubid = d.refobjsubid
    left join members mr on mr.classid = d.refclassid and mr.objid = d.refobjid
    where d.deptype <> 'e'
    union
    select * from (${inherited}) inherited (object, needs)
  ), grouped as (
    select p.object, pg_catalog.jsonb_agg(p.needs order by p.needs::text collate "C") as needs
    from pairs p
    where p.object is not null and p.needs is not null and p.object <> p.needs and p.object ->> 0 <> 'extension'
    group by p.object
  )
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('object', g.object, 'needs', g.needs)
    order by g.object::text collate "C"), '[]')
  from grouped g`;
