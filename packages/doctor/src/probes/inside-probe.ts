import type { Connection } from '@holdfast/postgres';
import type { SightingId, Sightings } from '../sightings.ts';
import type { Target } from '../target.ts';
import { lookAtData, lookAtRevocations, lookAtServer } from './database-probe.ts';
import { allBlind, type Looks, type RunProbe, sawIn } from './probe.ts';
import { journalFile } from './revocation-journal.ts';
import { lookAtRoles } from './roles-probe.ts';
import { lookAtSchema } from './schema-probe.ts';

const SERVER_MS = 2_000;
const SCHEMA_MS = 3_000;
const DATA_MS = 3_000;
const REVOCATIONS_MS = 2_000;

const SERVER_IDS = ['database.server', 'database.roles'] as const satisfies readonly SightingId[];
const SCHEMA_IDS = ['schema.ledger', 'schema.catalog'] as const satisfies readonly SightingId[];
const REVOCATION_IDS = ['data.revocations'] as const satisfies readonly SightingId[];
const DATA_IDS = [
  'data.sessions',
  'data.roles',
  'data.grants',
  'data.keys',
  'data.encrypted',
  'data.ended_sessions',
  'data.emptied',
] as const satisfies readonly SightingId[];

/** Everything that is read through one database session, one statement after another. */
export async function lookInside(
  target: Target,
  session: Connection | undefined,
  first: Looks,
  run: RunProbe,
): Promise<Looks> {
  if (session === undefined) {
    const journaled = journalOf(target) === undefined ? [] : REVOCATION_IDS;
    const ids = [...SERVER_IDS, ...SCHEMA_IDS, ...DATA_IDS, ...journaled];
    return allBlind(ids, 'there is no session in the database', 'database.app');
  }
  const server = await run('database', SERVER_IDS, SERVER_MS, async tools => {
    const { looks, aheadMs } = await lookAtServer(session, tools);
    const clocks = { ...sawIn(first, 'time.clocks'), databaseAheadMs: aheadMs };
    // Holdfast sets nothing for its roles, and gives each session its own limit of time
    const roles = await lookAtRoles(session, target.database, []);
    return { ...looks, 'time.clocks': { saw: clocks }, 'database.roles': { saw: withoutOwnLimits(roles) } };
  });
  const schema = await run('schema', SCHEMA_IDS, SCHEMA_MS, () => lookAtSchema(session, target));
  const data = await run('data', DATA_IDS, DATA_MS, () => lookAtData(session));
  const journal = journalOf(target);
  if (journal === undefined) return { ...server, ...schema, ...data };
  const revocations = await run('revocations', REVOCATION_IDS, REVOCATIONS_MS, () =>
    lookAtRevocations(session, journal),
  );
  return { ...server, ...schema, ...data, ...revocations };
}

/** What the server sets itself at every connection. */
function withoutOwnLimits(roles: Sightings['database.roles']): Sightings['database.roles'] {
  return { ...roles, settings: roles.settings.filter(({ name }) => name !== 'statement_timeout') };
}

/** The journal belongs to the database when the server that writes it belongs here. */
function journalOf({ home, settings, server }: Target): string | undefined {
  return server.expectedHere ? journalFile(home, settings.settings) : undefined;
}
