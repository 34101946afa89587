import { connect, sql } from '@holdfast/postgres';

const TABLES = ['one', 'two', 'three'];
/** With its index, about; measured. */
const BYTES_PER_ROW = 238;

/** The columns that applications have, in three tables so that two jobs have work, about so many megabytes. */
export async function fillDatabase(url: string, megabytes: number): Promise<void> {
  const rows = Math.round((megabytes * 1e6) / BYTES_PER_ROW / TABLES.length);
  const connection = await connect({ url });
  try {
    for (const table of TABLES) {
      await connection.query(sql`
        create table ${sql.id(table)} as
        select gen_random_uuid() as id, i::bigint as number, 'user' || i || '@example.com' as email, md5(i::text) as token,
          now() + i * interval '1 s' as created_at, i % 3 = 0 as active, (i * 1.5)::numeric(12, 2) as amount,
          jsonb_build_object('a', i, 'b', 'text' || i) as meta,
          case when i % 2 = 0 then null else 'some longer text with words ' || i end as note, random() as share
        from generate_series(1, ${rows}::int) i`);
      await connection.query(sql`alter table ${sql.id(table)} add primary key (id)`);
    }
    await connection.script('vacuum (freeze, analyze)');
    await connection.query(sql`checkpoint`);
  } finally {
    await connection.close();
  }
}

/** Of all databases of the server. */
export async function megabytesOf(url: string): Promise<number> {
  const connection = await connect({ url });
  try {
    const { bytes } = await connection.one(
      sql<{ bytes: number }>`select sum(pg_database_size(oid))::int8 as bytes from pg_database`,
    );
    return bytes / 1e6;
  } finally {
    await connection.close();
  }
}
