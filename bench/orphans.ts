import { rm } from 'node:fs/promises';
import { dataEntries } from '@holdfast/database/health/entries';
import { type Connection, connect, type SqlQuery, sql } from '@holdfast/postgres';
import { alternate, type Benchmark, format, summarize } from './lib/benchmark.ts';
import { startPostgresByHand } from './lib/by-hand.ts';
import { benchHealthContext } from './lib/health-context.ts';
import { temporaryHome } from './lib/holdfast.ts';

const ENTRY = 'Holdfast, entry 34 on all foreign keys';
const NOT_EXISTS = 'by hand, not exists';
const LEFT_JOIN = 'by hand, left join … is null';

const CUSTOMERS = 500_000;
const ORDERS = 3_000_000;
const LINES = 6_500_000;
const ORPHANS = 30;

/** A shop: 10 million rows, five foreign keys, one of them of two columns, one to its own table. */
const SCHEMA = `
  set synchronous_commit = off;
  create unlogged table customers (id bigint primary key, recommended_by bigint);
  create unlogged table places (country int, code int, primary key (country, code));
  create unlogged table orders (id bigint primary key, customer_id bigint not null, country int, place int);
  create unlogged table lines (id bigint primary key, order_id bigint not null, customer_id int, amount int);
  insert into customers select i, nullif(i / 2, 0) from generate_series(1, ${CUSTOMERS}) i;
  insert into places select i % 100, i / 100 from generate_series(0, 9999) i;
  insert into orders select i, i % ${CUSTOMERS} + 1, i % 100, i % 100 from generate_series(1, ${ORDERS}) i;
  insert into lines select i, i % ${ORDERS} + 1, i % ${CUSTOMERS} + 1, 1 from generate_series(1, ${LINES}) i;
  alter table customers add foreign key (recommended_by) references customers;
  alter table orders add foreign key (customer_id) references customers;
  alter table orders add foreign key (country, place) references places;
  alter table lines add foreign key (order_id) references orders;
  alter table lines add foreign key (customer_id) references customers;
  set session_replication_role = replica;
  insert into lines select ${LINES} + i, 99999999 + i, null, 1 from generate_series(1, ${ORPHANS}) i;
  set session_replication_role = origin;
`;

const BY_HAND: Readonly<Record<string, readonly SqlQuery<{ orphans: number }>[]>> = {
  [NOT_EXISTS]: [
    sql`select count(*) as orphans from customers c where c.recommended_by is not null
      and not exists (select from customers p where p.id = c.recommended_by)`,
    sql`select count(*) as orphans from orders o where not exists (select from customers p where p.id = o.customer_id)`,
    sql`select count(*) as orphans from orders o where o.country is not null and o.place is not null
      and not exists (select from places p where p.country = o.country and p.code = o.place)`,
    sql`select count(*) as orphans from lines l where not exists (select from orders p where p.id = l.order_id)`,
    sql`select count(*) as orphans from lines l where l.customer_id is not null
      and not exists (select from customers p where p.id = l.customer_id)`,
  ],
  [LEFT_JOIN]: [
    sql`select count(*) as orphans from customers c left join customers p on p.id = c.recommended_by
      where c.recommended_by is not null and p.id is null`,
    sql`select count(*) as orphans from orders o left join customers p on p.id = o.customer_id where p.id is null`,
    sql`select count(*) as orphans from orders o left join places p on p.country = o.country and p.code = o.place
      where o.country is not null and o.place is not null and p.country is null`,
    sql`select count(*) as orphans from lines l left join orders p on p.id = l.order_id where p.id is null`,
    sql`select count(*) as orphans from lines l left join customers p on p.id = l.customer_id
      where l.customer_id is not null and p.id is null`,
  ],
};

/** Looking for rows without a parent in all foreign keys, against the statements that somebody would write for them. */
export const orphans: Benchmark = {
  name: 'orphans',
  run: async ({ rounds, progress }) => {
    const home = await temporaryHome();
    const { url, stop } = await startPostgresByHand(home);
    const db = await connect({ url });
    try {
      progress('  filling 10 million rows');
      await db.script(SCHEMA);
      await db.script('vacuum analyze');
      const sides = [
        { name: ENTRY, measure: () => timed(() => byEntry(db, url)) },
        ...Object.entries(BY_HAND).map(([name, queries]) => ({
          name,
          measure: () => timed(() => byHand(db, queries)),
        })),
      ];
      for (const { measure } of sides) await measure();
      const samples = await alternate(sides, rounds, progress);
      const rows = format(CUSTOMERS + 10_000 + ORDERS + LINES);
      const notes = [
        `Seconds for 5 foreign keys over ${rows} rows in 4 tables, ${ORPHANS} orphans among them, on one connection with PostgreSQL's default settings; every side must find them.`,
      ];
      const targets = [NOT_EXISTS, LEFT_JOIN].map(baseline => ({ side: ENTRY, baseline, target: '≤ 1.2' }));
      return summarize({ benchmark: 'orphans', unit: 'seconds', rounds, notes }, samples, targets);
    } finally {
      await db.close();
      await stop();
      await rm(home, { recursive: true, force: true });
    }
  },
};

async function timed(find: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  const found = await find();
  if (found !== ORPHANS) throw new Error(`found ${found} orphans instead of ${ORPHANS}`);
  return (performance.now() - startedAt) / 1_000;
}

async function byEntry(db: Connection, url: string): Promise<number> {
  const entry = dataEntries.find(({ id }) => id === 'orphans');
  if (entry === undefined) throw new Error('no such entry');
  const reading = await entry.check(await benchHealthContext(db, url), entry.thresholds);
  return reading.level === 'skipped' ? 0 : (reading.metrics?.orphan_rows ?? 0);
}

async function byHand(db: Connection, queries: readonly SqlQuery<{ orphans: number }>[]): Promise<number> {
  let found = 0;
  for (const query of queries) found += (await db.one(query)).orphans;
  return found;
}
