import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, sql } from '@holdfast/postgres';
import { strayFiles, strayProcesses } from '../../kill-matrix/leftovers.ts';
import { listProcesses } from '../../kill-matrix/processes.ts';
import type { CommandAccess } from '../system.ts';

/** Where PostgreSQL runs beside the system for a while; the one of the system itself may have been started again. */
const BESIDE = /\/(repair|drill|load|tables)-/;
const GONE_MS = 100;
const MOST_WAITS = 50;

/** Ends the servers that a repair has started; a PostgreSQL goes on, because the system takes it over again. */
export async function endStrays(access: CommandAccess): Promise<void> {
  for (let wait = 0; wait < MOST_WAITS; wait += 1) {
    const strays = (await straysOf(access)).filter(({ command }) => / serve /.test(command));
    if (strays.length === 0) return;
    for (const { pid } of strays) killQuietly(pid);
    await new Promise(resolve => setTimeout(resolve, GONE_MS));
  }
}

async function straysOf({ homes, pids }: CommandAccess) {
  const own = pids();
  const all = await listProcesses();
  return all.filter(
    ({ pid, command }) =>
      pid !== process.pid && !own.includes(pid) && homes.some(home => command.includes(home)),
  );
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended before
  }
}

/** What a repair that is over must not leave: a journal without an end, claims, sessions, transactions, halves, processes and files beside. */
export async function findLeftovers(access: CommandAccess): Promise<string[]> {
  const { stateDirectory, backups, homes, pids } = access;
  const beside = await Promise.all(homes.map(home => strayProcesses(home, pids())));
  const left = beside
    .flat()
    .filter(text => !/ serve /.test(text) && (!/ -D /.test(text) || BESIDE.test(text)));
  return [
    ...(await openJournals(stateDirectory)),
    ...(await strayFiles(stateDirectory, backups)),
    ...(await inServer(access.databaseUrl())),
    ...left,
  ];
}

async function openJournals(stateDirectory: string): Promise<string[]> {
  const directory = join(stateDirectory, 'repairs');
  const names = await namesIn(directory);
  const odd = names.filter(
    name => name !== 'run' && !/^\d{8}T\w+-\w+\.json$/.test(name) && !/home/.test(name),
  );
  const claims = await namesIn(join(directory, 'run', 'claims'));
  const open: string[] = [];
  for (const { name, ended } of await readJournals(stateDirectory))
    if (!ended) open.push(`the journal ${name} has no end`);
  return [...odd.map(name => `the file ${name}`), ...claims.map(name => `the claim ${name}`), ...open];
}

interface Journal {
  readonly name: string;
  readonly startedAt: string;
  readonly ended: boolean;
  readonly repairs: readonly {
    readonly phase: string;
    readonly touches: readonly string[];
    readonly steps: readonly { readonly state: string }[];
  }[];
}

async function readJournals(stateDirectory: string): Promise<Journal[]> {
  const directory = join(stateDirectory, 'repairs');
  const names = (await namesIn(directory)).filter(name => /^\d{8}T.*\.json$/.test(name)).toSorted();
  return Promise.all(
    names.map(async name => ({
      ...(JSON.parse(await readFile(join(directory, name), 'utf8')) as Omit<Journal, 'name'>),
      name,
    })),
  );
}

/** The tables that the plans carried out since a moment had to do with. */
export async function touchedByPlan(stateDirectory: string, since: number): Promise<string[]> {
  const runs = (await readJournals(stateDirectory)).filter(({ startedAt }) => Date.parse(startedAt) >= since);
  return runs.flatMap(({ repairs }) => repairs.flatMap(({ touches }) => touches));
}

/** How far a run came that was cut off, such as `applying, step 1 committing`; undefined when it had begun nothing. */
export async function whereCutOff(stateDirectory: string): Promise<string | undefined> {
  const run = (await readJournals(stateDirectory)).findLast(({ ended }) => !ended);
  const repair = run?.repairs.find(({ phase }) => ['applying', 'applied', 'undoing'].includes(phase));
  if (repair === undefined) return undefined;
  const index = repair.steps.findLastIndex(({ state }) => state !== 'pending');
  const step = repair.steps[index];
  return step === undefined ? repair.phase : `${repair.phase}, step ${index + 1} ${step.state}`;
}

async function inServer(url: string): Promise<string[]> {
  const db = await connect({ url, applicationName: 'doctor matrix' });
  try {
    const found = await db.many(sql<{ what: string }>`
      select format('session %s %s: %s', pid, application_name, left(query, 80)) as what from pg_stat_activity
      where application_name ~ '^holdfast.(repair|backup|restore)' and pid <> pg_backend_pid()
      union all select 'prepared transaction ' || gid from pg_prepared_xacts
      union all select 'replication slot ' || slot_name from pg_replication_slots
      union all select 'invalid index ' || indexrelid::regclass::text from pg_index where not indisvalid
      union all select 'index beside ' || relname from pg_class where relkind = 'i' and relname ~ '_cc(new|old)\\d*$'
      union all select 'advisory lock of ' || pid from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
        and pid in (select pid from pg_stat_activity where application_name ~ '^holdfast.(repair|backup|restore)')`);
    return found.map(({ what }) => what);
  } finally {
    await db.close();
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
