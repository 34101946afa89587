import type { HealthReport } from '@holdfast/database/health';
import type { Diagnosis } from '../../diagnosis.ts';
import { isSighting, type Layer } from '../../engine/index.ts';
import type { LogAnalysis } from '../../logs/index.ts';
import { checksOf, countChecks, fromReading, millisecondsText, observationsTable, toneOf } from './blocks.ts';
import type { Block, Cell, Deliverable, Section } from './document.ts';
import { incidentsTable, noiseTable } from './log-blocks.ts';
import type { Readings } from './readings.ts';
import { repairBlocks } from './repair-blocks.ts';
import type { RepairRecord } from './repair-record.ts';

const LAYERS: readonly Layer[] = ['auth'];
const STEPS = [
  'auth.login',
  'auth.token',
  'auth.validate',
  'auth.refresh',
  'auth.old_token',
  'auth.logout',
  'auth.revocation',
];
const STATE = [
  'config.keyring',
  'data.keys',
  'data.sessions',
  'data.roles',
  'data.grants',
  'data.revocations',
];
const KINDS = [
  'expired_key',
  'permissions_lost',
  'refresh_storm',
  'refresh_broken',
  'login_failures',
  'rate_limited_users',
];
const NOISE = ['brute_force', 'rate_limited_client'];

/** The authentication report: the way of the probe account, keys and sessions, what the logs tell, and what was repaired. */
export function authentication(
  diagnosis: Diagnosis,
  readings: Readings,
  repairs: readonly RepairRecord[],
): Deliverable {
  const causes = diagnosis.rootCauses.filter(({ layer }) => layer === 'auth');
  return {
    id: 'authentication',
    title: 'Authentication',
    tone: toneOf(diagnosis, LAYERS),
    lead: [...causes.map(({ summary }) => summary), countChecks(diagnosis, LAYERS)].join(' '),
    sections: [
      { title: 'Signing in, as the probe account did it', blocks: [stepsTable(diagnosis)] },
      { title: 'What the doctor saw', blocks: [checksOf(diagnosis, LAYERS, 'Checks of authentication')] },
      {
        title: 'Keys, sessions, roles and revocations',
        blocks: [observationsTable(diagnosis, STATE, 'What authentication rests on')],
      },
      accountsSection(readings),
      { title: 'What the logs tell', blocks: fromReading(readings.logs, 'The logs', logBlocks) },
      { title: 'What was repaired', blocks: repairBlocks(repairs.filter(repair => concerns(repair))) },
    ],
  };
}

/** Repairs after which a check of authentication has another outcome than before. */
function concerns({ before, after }: RepairRecord): boolean {
  const isAuth = ({ check }: { readonly check: string }) => /^(?:auth|keys)\./.test(check);
  return before.some(isAuth) || after.some(isAuth);
}

function stepsTable({ observations }: Diagnosis): Block {
  const found = STEPS.flatMap(id => observations.filter(observation => observation.id === id));
  if (found.length === 0) {
    return {
      kind: 'missing',
      what: 'The sign-in of the probe account',
      why: 'it was not made on this system',
    };
  }
  return {
    kind: 'table',
    caption: 'One account of the doctor, made for this and removed afterwards',
    columns: [{ title: 'Step' }, { title: 'Result' }, { title: 'Answer' }, { title: 'Time', numeric: true }],
    rows: found.map((observation): Cell[] => {
      const step = observation.id.slice('auth.'.length).replaceAll('_', ' ');
      if (!isSighting(observation)) return [step, 'not seen', observation.couldNotLook, null];
      const { ok, status, code, problem, milliseconds } = observation.saw;
      return [
        step,
        ok === true ? { text: 'ok', tone: 'good' } : { text: 'failed', tone: 'bad' },
        [status, code, problem].filter(part => part !== undefined).join(' '),
        typeof milliseconds === 'number' ? millisecondsText(milliseconds) : null,
      ];
    }),
  };
}

function accountsSection({ health }: Readings): Section {
  const blocks = fromReading(health, 'Accounts and tokens', report => [accountsTable(report)]);
  return { title: 'Accounts and tokens in the database', blocks };
}

function accountsTable({ entries, connection }: HealthReport): Block {
  const own = entries.filter(({ area }) => area === 'auth');
  if (!connection.ok) return { kind: 'missing', what: 'Accounts and tokens', why: connection.reason };
  if (own.length === 0) {
    return { kind: 'missing', what: 'Accounts and tokens', why: 'the health catalogue was run without them' };
  }
  return {
    kind: 'table',
    caption: 'What the health catalogue says about accounts and tokens',
    columns: [{ title: 'Level' }, { title: 'Entry' }, { title: 'What was seen' }],
    rows: own.map(({ level, title, id, summary }) => [level, `${title} (${id})`, summary]),
  };
}

function logBlocks({ incidents, noise }: LogAnalysis): Block[] {
  return [
    incidentsTable(
      incidents.filter(({ kind }) => KINDS.includes(kind)),
      'Incidents of authentication in the logs',
    ),
    noiseTable(
      noise.filter(({ kind }) => NOISE.includes(kind)),
      'What looks like trouble and is none of the system',
    ),
  ];
}
