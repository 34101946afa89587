import { seedsDirectory } from '@holdfast/database';
import { applySeed } from '@holdfast/database/seed';
import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import { statement } from '../statement.ts';
import { inSession, type StepOf, type StepWork } from './step-work.ts';

/** The tables of the seed `built-in`, what refers to others last, with what a row is known by. */
const SEEDED_TABLES: Readonly<Record<string, string>> = {
  roles: 'id::text',
  permissions: 'id::text',
  role_permissions: `role_id::text || '/' || permission_id::text`,
};

/** The rows of the seeded tables that are there, by their keys. */
async function readSeededKeys(db: Queryable): Promise<Record<string, string[]>> {
  const tables = Object.entries(SEEDED_TABLES);
  const read = async ([table, key]: readonly [string, string]) => {
    const rows = await db.many(sql<{ key: string }>`select ${keyOf(key)} as key from ${sql.id(table)}`);
    return [table, rows.map(row => row.key)] as const;
  };
  const found: (readonly [string, string[]])[] = [];
  for (const entry of tables) found.push(await read(entry));
  return Object.fromEntries(found);
}

/** Puts the missing rows in; a second time it finds nothing to do. */
export function seedRows(work: StepWork, step: StepOf<'seed'>): Promise<string> {
  const { action } = step;
  return inSession(work, 'owner', async connection => {
    // a run that was cut off may have seeded already
    step.keysBefore ??= await readSeededKeys(connection);
    await work.save();
    const run = await applySeed({
      connection,
      dir: seedsDirectory(),
      name: action.name,
      environment: action.environment,
      clock: work.clock,
    });
    return `${run.inserted} rows inserted, ${run.unchanged} were there`;
  });
}

/** Removes the rows that were not there before. */
export async function unseedRows(work: StepWork, { keysBefore }: StepOf<'seed'>): Promise<string> {
  if (keysBefore === undefined) return 'nothing was seeded';
  return inSession(work, 'owner', connection =>
    connection.transaction(async tx => {
      let removed = 0;
      for (const [table, key] of Object.entries(SEEDED_TABLES).toReversed()) {
        const kept = keysBefore[table] ?? [];
        removed += await tx.execute(
          sql`delete from ${sql.id(table)} where not (${keyOf(key)} = any (${kept}::text[]))`,
        );
      }
      return `${removed} rows removed again`;
    }),
  );
}

function keyOf(text: string): SqlQuery<never> {
  return statement(text) as SqlQuery<never>;
}
