import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from '@holdfast/postgres';
import { withConnection } from './ledger.ts';
import { listProcesses } from './processes.ts';

/** Processes that have to do with a directory and do not hang on one of the known ones. */
export async function strayProcesses(
  root: string,
  known: readonly (number | undefined)[],
): Promise<string[]> {
  const all = await listProcesses();
  const family = known.filter(pid => pid !== undefined);
  for (const parent of family)
    family.push(...all.filter(process => process.parent === parent).map(process => process.pid));
  return all
    .filter(({ pid, command }) => command.includes(root) && !family.includes(pid) && pid !== process.pid)
    .map(({ pid, command }) => `process ${pid}: ${command.slice(0, 160)}`);
}

/** What backups leave on a server when nobody looks after it; one slot is that of the WAL archive. */
export function strayInServer(url: string, slots: number): Promise<string[]> {
  return withConnection(url, async db => {
    const found = await db.many(sql<{ what: string }>`
      select 'slot ' || slot_name as what from pg_replication_slots where not (not temporary and slot_name ~ '^holdfast_[0-9a-f]{8}$')
      union all
      select 'session ' || pid || ' ' || application_name || ': ' || left(query, 80) from pg_stat_activity
      where application_name ~ '^(holdfast.(backup|restore)|pg_dump|pg_restore)' and pid <> pg_backend_pid()
      union all select 'database ' || datname from pg_database where datname like '%\\_restoring\\_%'
    `);
    const { kept } = await db.one(
      sql<{ kept: number }>`select count(*)::int as kept from pg_replication_slots where not temporary`,
    );
    const problems = found.map(({ what }) => what);
    return kept > slots ? [...problems, `${kept} permanent slots`] : problems;
  });
}

/** Files of work that is not going on any more, in a state directory and where backups are. */
export async function strayFiles(home: string, backups: string): Promise<string[]> {
  const inHome = (await names(home)).filter(name => /^restore(-|\.json)|^load-|\.tmp$/.test(name));
  const inTemporary = await names(join(home, 'tmp'));
  const places = (await names(backups)).filter(name => /^\d{8}T/.test(name));
  const halves: string[] = [];
  for (const place of places) {
    const files = await names(join(backups, place), true);
    if (!files.includes('manifest.json')) halves.push(`${place} without a manifest`);
    halves.push(
      ...files.filter(name => /\.partial|\.tmp|writing\.json/.test(name)).map(name => `${place}/${name}`),
    );
  }
  return [...inHome, ...inTemporary.map(name => `tmp/${name}`), ...halves];
}

async function names(directory: string, recursive = false): Promise<string[]> {
  return readdir(directory, { recursive }).catch(() => []);
}
