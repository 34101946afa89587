import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SqlQuery } from '@holdfast/postgres';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql/15/bin/pgbench';

/** pgbench of the system; it is no part of the embedded PostgreSQL. */
export function pgbenchCommand(): string {
  return existsSync(DEBIAN) ? DEBIAN : 'pgbench';
}

export interface PgbenchOptions {
  readonly url: string;
  readonly directory: string;
  /** The very statement that Holdfast sends; its parameters become the variables p1, p2, … */
  readonly query: SqlQuery<unknown>;
  /** pgbench commands before and after the statement. */
  readonly before: string;
  readonly after: string;
  /** Variables with their first values. */
  readonly variables: Readonly<Record<string, string | number>>;
  readonly connections: number;
  readonly seconds: number;
}

/** Transactions a second of one prepared statement. */
export async function transactionsPerSecond(options: PgbenchOptions): Promise<number> {
  const { url, directory, query, before, after, variables, connections, seconds } = options;
  const script = join(directory, 'statement.pgbench');
  const statement = query.text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\$(\d+)/g, ':p$1')
    .trim();
  await writeFile(script, `${before}\n${statement};\n${after}\n`);
  const defines = Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  const load = ['-n', '-M', 'prepared', '-c', String(connections), '-j', '2', '-T', String(seconds)];
  const { stdout, stderr } = await run(pgbenchCommand(), [...load, ...defines, '-f', script, url]);
  const failed = /number of failed transactions: (\d+)/.exec(stdout)?.[1] ?? '0';
  const tps = /tps = ([\d.]+)/.exec(stdout)?.[1];
  if (tps === undefined || failed !== '0') throw new Error(`pgbench failed:\n${stdout}\n${stderr}`);
  return Number(tps);
}
