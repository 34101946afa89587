import { createRandom } from '@holdfast/core';
import { type FaultInjection, injections, type Stack } from '@holdfast/testing';
import { SUBJECTS, type Subject } from './own-subjects.ts';
import type { Injection } from './system.ts';

type Factory = (...names: never[]) => FaultInjection;

/** Who ends or starts the server undoes what another one has done to it, and a shutdown that waits for sessions ends with them. */
const SERVER = ['process:server'];
/** Sessions that are held open end with the PostgreSQL that they are in. */
const SESSIONS = ['process:postgres'];

/** What is changed by faults whose name does not say so. */
const TOUCHED: Readonly<Record<string, readonly string[]>> = {
  apiProcessDown: SERVER,
  apiHung: SERVER,
  portTaken: SERVER,
  everythingStopped: SERVER,
  requiredVariableUnset: SERVER,
  variableInvalid: SERVER,
  databaseAddressWrong: SERVER,
  databaseRolledBack: [...SERVER, ...SESSIONS],
  databaseNotAccepting: SERVER,
  diskFull: SERVER,
  connectionsLeftInTransactions: SESSIONS,
  tooManyConnections: SESSIONS,
  tableLocked: SESSIONS,
  tableLockedQuietly: SESSIONS,
  transactionLeftOpen: SESSIONS,
  signingKeyChanged: SERVER,
  keyringAmbiguous: SERVER,
  sessionsOrphaned: ['users', 'sessions'],
  duplicateRoleNames: ['roles'],
  rolePermissionsDeleted: ['role_permissions'],
  refreshTokensTruncated: ['refresh_tokens'],
  migrationsPending: ['migrations'],
};

/** Every injection that the package exports, each at a subject that the seed has chosen; beside it those that no subject is known for. */
export async function bindInjections(
  stack: Stack,
  seed: number,
): Promise<{ readonly bound: Injection[]; readonly uncovered: string[] }> {
  const random = createRandom(seed);
  const bound: Injection[] = [];
  const uncovered: string[] = [];
  for (const [kind, exported] of Object.entries(injections)) {
    const subject = await chooseSubject(stack, kind, exported, random.pick);
    if (subject === undefined) uncovered.push(kind);
    else bound.push(bind(stack, kind, exported, subject));
  }
  return { bound, uncovered };
}

/** Undefined for a factory that takes names which nobody knows. */
async function chooseSubject(
  stack: Stack,
  kind: string,
  exported: FaultInjection | Factory,
  pick: (subjects: readonly Subject[]) => Subject | undefined,
): Promise<Subject | undefined> {
  if (typeof exported !== 'function' || exported.length === 0)
    return { names: [], touches: TOUCHED[kind] ?? [] };
  const find = SUBJECTS[kind];
  return find === undefined ? undefined : pick(await stack.asSuperuser(find));
}

function bind(
  stack: Stack,
  kind: string,
  exported: FaultInjection | Factory,
  { names, touches }: Subject,
): Injection {
  const fault = typeof exported === 'function' ? exported(...(names as readonly never[])) : exported;
  return {
    kind,
    name: fault.name,
    // some know their subject only when they are there
    get expected() {
      return fault.expected;
    },
    touches: [...touches, ...tableOf(fault)],
    inject: () => fault.inject(stack),
    heal: () => fault.heal(stack),
  };
}

/** The table that the subject names. */
function tableOf({ expected }: FaultInjection): string[] {
  const [, kind, table] = /^(table|column|constraint|trigger):([^.]+)/.exec(expected.subject) ?? [];
  return kind === undefined || table === undefined ? [] : [table];
}
