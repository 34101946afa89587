import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What each file is written like. */
export type MigrationStyle = 'dbmate' | 'node-pg-migrate';

const MARKERS: Readonly<Record<MigrationStyle, readonly [up: string, down: string]>> = {
  dbmate: ['-- migrate:up', '-- migrate:down'],
  'node-pg-migrate': ['-- Up Migration', '-- Down Migration'],
};

/** Writes the same migrations in a style: tables, columns, indexes, constraints and rows in turn. */
export async function writeMigrations(dir: string, style: MigrationStyle, count: number): Promise<string> {
  await mkdir(dir, { recursive: true });
  const [up, down] = MARKERS[style];
  for (let number = 0; number < count; number += 1) {
    const version = 20_260_101_000_000 + number;
    const [way, back] = statements(number);
    await writeFile(join(dir, `${version}_step.sql`), `${up}\n${way}\n\n${down}\n${back}\n`);
  }
  return dir;
}

/** Five files belong to one table. */
function statements(number: number): readonly [up: string, down: string] {
  const table = `t${Math.floor(number / 5)}`;
  const steps = [
    [
      `create table ${table} (id bigint generated always as identity primary key, name text not null);`,
      `drop table ${table};`,
    ],
    [`alter table ${table} add column note text default 'none';`, `alter table ${table} drop column note;`],
    [`create index ${table}_name on ${table} (name);`, `drop index ${table}_name;`],
    [
      `insert into ${table} (name) select 'name ' || n from generate_series(1, 100) as n;\nupdate ${table} set note = name where id % 2 = 0;`,
      `delete from ${table};`,
    ],
    [
      `alter table ${table} add constraint ${table}_short check (length(name) < 100);`,
      `alter table ${table} drop constraint ${table}_short;`,
    ],
  ] as const;
  return steps[number % steps.length] ?? steps[0];
}
