import type { Connection } from '@holdfast/postgres';
import type { SightingId } from '../sightings.ts';
import { lookAtData, lookAtServer } from './database-probe.ts';
import { allBlind, type Looks, type RunProbe, sawIn } from './probe.ts';
import { lookAtSchema } from './schema-probe.ts';

const SERVER_MS = 2_000;
const SCHEMA_MS = 3_000;
const DATA_MS = 3_000;

const SERVER_IDS = ['database.server'] as const satisfies readonly SightingId[];
const SCHEMA_IDS = ['schema.ledger', 'schema.catalog'] as const satisfies readonly SightingId[];
const DATA_IDS = [
  'data.sessions',
  'data.roles',
  'data.grants',
  'data.keys',
] as const satisfies readonly SightingId[];

/** Everything that is read through one database session, one statement after another. */
export async function lookInside(
  session: Connection | undefined,
  first: Looks,
  run: RunProbe,
): Promise<Looks> {
  if (session === undefined) {
    const ids = [...SERVER_IDS, ...SCHEMA_IDS, ...DATA_IDS];
    return allBlind(ids, 'there is no session in the database', 'database.app');
  }
  const server = await run('database', SERVER_IDS, SERVER_MS, async tools => {
    const { looks, aheadMs } = await lookAtServer(session, tools);
    return { ...looks, 'time.clocks': { saw: { ...sawIn(first, 'time.clocks'), databaseAheadMs: aheadMs } } };
  });
  const schema = await run('schema', SCHEMA_IDS, SCHEMA_MS, () => lookAtSchema(session));
  const data = await run('data', DATA_IDS, DATA_MS, () => lookAtData(session));
  return { ...server, ...schema, ...data };
}
