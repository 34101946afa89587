import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Connection, connect } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { type Output, runHoldfast } from './run-command-line.ts';

/** Somebody else's migrations, and an empty database for them. */
export interface ForeignProject {
  readonly dir: string;
  readonly db: Connection;
  readonly url: string;
  /** `holdfast …` on its database. */
  run(...args: readonly string[]): Promise<Output>;
  /** `holdfast migrate …` on its directory and database, as the superuser. */
  migrate(...args: readonly string[]): Promise<Output>;
  json<T>(...args: readonly string[]): Promise<{ code: number; result: T }>;
  write(file: string, content: string): Promise<void>;
}

export async function foreignProject(t: TestContext): Promise<ForeignProject> {
  const { superuserUrl: url } = await emptyDatabase(t);
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-foreign-'));
  const db = await connect({ url });
  t.after(async () => {
    await db.close();
    await rm(dir, { recursive: true });
  });
  const run = (...args: readonly string[]): Promise<Output> => runHoldfast(['--database-url', url, ...args]);
  const migrate = (...args: readonly string[]): Promise<Output> =>
    run('migrate', ...args, '--migrations', dir);
  const json = async <T>(...args: readonly string[]): Promise<{ code: number; result: T }> => {
    const { code, stdout } = await migrate(...args, '--json');
    return { code, result: JSON.parse(stdout) as T };
  };
  return { dir, db, url, run, migrate, json, write: (file, content) => writeFile(join(dir, file), content) };
}
