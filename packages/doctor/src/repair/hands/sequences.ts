import { sql } from '@holdfast/postgres';
import { type Hand, nameIn, qualified } from '../hand.ts';
import { quoteText } from '../statement.ts';

interface UseRow {
  readonly sequence: string;
  readonly table: string;
  readonly column: string;
  readonly descending: boolean;
}

/**
 * Moves a sequence past the values that its column holds. It only ever moves on: numbers that were drawn meanwhile stay drawn, so
 * nothing has to be taken back.
 */
export const advanceSequence: Hand = async (context, { subject }) => {
  const name = qualified(nameIn(subject), 2);
  const db = await context.db();
  const uses = await db.many(sql<UseRow>`
    with wanted as (select pg_catalog.to_regclass(${name}) as id), uses as (
      select d.refobjid as relation, d.refobjsubid as number from pg_catalog.pg_depend d, wanted
      where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = wanted.id
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
      union
      select ad.adrelid, ad.adnum::pg_catalog.int4 from pg_catalog.pg_depend d, pg_catalog.pg_attrdef ad, wanted
      where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.objid = ad.oid and d.refobjid = wanted.id
    )
    select pg_catalog.format('%I.%I', sn.nspname, s.relname) as sequence,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as "table", pg_catalog.quote_ident(a.attname) as "column",
      q.seqincrement < 0 as descending
    from uses u
    join pg_catalog.pg_class c on c.oid = u.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = u.relation and a.attnum = u.number
    join wanted w on true
    join pg_catalog.pg_class s on s.oid = w.id
    join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
    join pg_catalog.pg_sequence q on q.seqrelid = s.oid
    where not c.relispartition`);
  if (uses.length === 0) return { cannot: `no column was found that takes its values from ${name}` };
  const statements = uses.map(advance);
  return {
    risk: 'safe',
    effect: 'none',
    touches: [],
    undo: 'None needed: a sequence may skip numbers.',
    steps: [
      {
        what: `Move the sequence ${nameIn(subject)} past the values of its column`,
        command: `${statements.join(';\n')};`,
        action: { kind: 'transaction', as: 'owner', statements, undo: null },
      },
    ],
  };
};

/** By the furthest of the values and of where the sequence stands, so that it never goes back. */
function advance({ sequence, table, column, descending }: UseRow): string {
  const [extreme, further] = descending ? ['min', 'least'] : ['max', 'greatest'];
  return `select pg_catalog.setval(${quoteText(sequence)}, ${further}((select ${extreme}(${column}) from ${table}), (select last_value from ${sequence})))`;
}
