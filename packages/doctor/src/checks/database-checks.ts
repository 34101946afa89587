import { shellWord } from '@holdfast/core';
import type { Check, CheckResult, ObservationView } from '../engine/index.ts';
import type { LoginSighting, PortSighting, Sightings } from '../sightings.ts';
import { blocked, checkOf, degraded, fail, type Judgement, pass, sawOf, unknown } from './judge.ts';
import { FILES_CHECK } from './lost-files.ts';
import { quote, readOnlyRemedy, readOnlyRole } from './role-settings.ts';

const SLOW_ROUND_TRIP_MS = 250;

/** SQLSTATEs with which PostgreSQL refuses a connection, in the order in which it looks (manual, appendix A). */
const REFUSALS = {
  '57P03': 'accepts',
  '53300': 'slots',
  '28P01': 'login',
  '28000': 'allowed',
  '3D000': 'exists',
  '42501': 'allowed',
} as const;
type Refusal = (typeof REFUSALS)[keyof typeof REFUSALS];
const STAGES: readonly Refusal[] = ['accepts', 'slots', 'login', 'allowed', 'exists'];

function refusalOf({ sqlState }: LoginSighting): Refusal | undefined {
  return Object.entries(REFUSALS).find(([state]) => state === sqlState)?.[1];
}

/** How far a login tells us about one stage of the connection. */
function judgeStage(stage: Refusal, login: LoginSighting): 'pass' | 'fail' | 'blocked' {
  if (login.result === 'connected') return 'pass';
  const refusal = refusalOf(login);
  if (refusal === undefined) return 'blocked';
  if (refusal === stage) return 'fail';
  return STAGES.indexOf(refusal) > STAGES.indexOf(stage) && stage !== 'slots' ? 'pass' : 'blocked';
}

interface StageSpec {
  readonly stage: Refusal;
  readonly title: string;
  readonly failure: (login: LoginSighting) => string;
  readonly subject?: (login: LoginSighting) => string;
  readonly remedy?: (login: LoginSighting, view: ObservationView) => readonly string[] | undefined;
}

interface JudgedLogin {
  readonly id: string;
  readonly login: LoginSighting;
  readonly verdict: 'pass' | 'fail' | 'blocked';
}

/** A check over both logins of the doctor: one failure for each subject that is refused at this stage, else one pass. */
function stageCheck(spec: StageSpec): Check {
  const { stage, title } = spec;
  const evaluate = (view: ObservationView): readonly CheckResult[] => {
    const ids = (['database.app', 'database.owner'] as const).filter(id => view.has(id));
    const logins = ids.flatMap((id): JudgedLogin[] => {
      const login = sawOf(view, id);
      return login === undefined ? [] : [{ id, login, verdict: judgeStage(stage, login) }];
    });
    const failures = failuresOf(spec, logins, view);
    if (failures.length > 0) return failures;
    const app = logins.find(({ id }) => id === 'database.app');
    const passed = logins.filter(({ verdict }) => verdict === 'pass').map(({ id }) => id);
    if (app?.verdict === 'pass') return [{ ...pass(describe(app.login)), evidence: passed }];
    return ids.length === 0 ? [] : [{ ...blocked('the connection did not get that far'), evidence: ids }];
  };
  return { id: `database.${stage}`, layer: 'database', title, evaluate };
}

/** Both roles may be refused for the same reason: that is one failure with the evidence of both. */
function failuresOf(
  { failure, subject, remedy }: StageSpec,
  logins: readonly JudgedLogin[],
  view: ObservationView,
): CheckResult[] {
  const failed = logins.filter(({ verdict }) => verdict === 'fail');
  const bySubject = Map.groupBy(failed, ({ login }) => subject?.(login));
  return [...bySubject].flatMap(([about, group]) =>
    group.slice(0, 1).map(({ login }) => {
      const help = remedy?.(login, view);
      const found = { ...fail(failure(login), about), evidence: group.map(({ id }) => id) };
      return help === undefined ? found : { ...found, remedy: help };
    }),
  );
}

const PRIVILEGE_LACKING = '42501';

/** What lets a role in that PostgreSQL knows and does not let in; undefined when that cannot be seen. */
function remedyForLogin(
  { role, database, sqlState }: LoginSighting,
  view: ObservationView,
): readonly string[] | undefined {
  const known = sawOf(view, 'database.roles')?.roles.find(item => item.role === role);
  if (known === undefined) return undefined;
  if (!known.canLogin) return [`alter role ${quote(role)} login;`];
  return sqlState === PRIVILEGE_LACKING
    ? [`grant connect on database ${quote(database)} to ${quote(role)};`]
    : ['-- let it in by a line of pg_hba.conf, then: select pg_reload_conf();'];
}

function describe({ result, role, milliseconds }: LoginSighting): string {
  return result === 'connected' ? `connected as ${role} in ${milliseconds} ms` : `${role} got beyond it`;
}

const said = ({ message, sqlState }: LoginSighting) => `${message ?? 'no message'} (SQLSTATE ${sqlState})`;

/** The role that was refused at a stage, if any was. */
export function refusedFor(stage: Refusal, view: ObservationView): string | undefined {
  const logins = (['database.app', 'database.owner'] as const).flatMap(id => sawOf(view, id) ?? []);
  return logins.find(login => judgeStage(stage, login) === 'fail')?.role;
}

type Sessions = Sightings['database.server']['sessions'][number];

/** The role whose sessions are idle in transactions, when these are half of all that keep others out. */
export function findHolder(view: ObservationView): Sessions | undefined {
  const refused = refusedFor('slots', view);
  const sessions = sawOf(view, 'database.server')?.sessions ?? [];
  const [worst] = sessions.toSorted((a, b) => b.idleInTransaction - a.idleInTransaction);
  if (refused === undefined || worst === undefined || worst.idleInTransaction < 2) return undefined;
  const all = sessions.reduce((sum, { total }) => sum + total, 0);
  const keptOut = worst.role === refused ? worst.total : all;
  return worst.idleInTransaction * 2 >= keptOut ? worst : undefined;
}

function judgePort({ host, port, result, milliseconds }: PortSighting): Judgement {
  const address = `${host}:${port}`;
  if (result === 'open') return pass(`${address} accepts connections (${milliseconds} ms)`);
  const why = {
    refused: 'refuses connections: nothing listens there',
    timeout: 'does not react at all',
    unresolved: 'is a host name that does not resolve',
    unreachable: 'cannot be reached',
  };
  return fail(`${address} ${why[result]}`);
}

function judgeAnswers({ result, milliseconds, address }: LoginSighting): Judgement {
  return result === 'timeout'
    ? fail(`PostgreSQL at ${address} accepted the connection and then said nothing for ${milliseconds} ms`)
    : pass(`PostgreSQL answers in ${milliseconds} ms`);
}

function judgeCluster({ state, pid, directory, lost }: Sightings['database.cluster']): Judgement {
  if (lost !== undefined) return blocked('it cannot: its files are gone');
  if (directory !== undefined) {
    if (state === 'running') return pass(`PostgreSQL runs on ${directory} as process ${pid}`);
    const way = `pg_ctl start -D ${shellWord(directory)} as the owner of that directory`;
    return {
      ...fail(`no PostgreSQL runs on the data directory ${directory}`),
      remedy: [
        `-- start it: systemctl start postgresql, or ${way}. It recovers by itself from an unclean stop.`,
      ],
    };
  }
  if (state === 'running') return pass(`the embedded PostgreSQL runs as process ${pid}`);
  if (state === 'stopped') return fail('the embedded PostgreSQL is shut down');
  return fail('the embedded PostgreSQL is gone and has left its pid file behind: it was killed or crashed');
}

/** What was set for the role of the API while it does not get in: the session of another role does not show it. */
function beginsReadOnly(view: ObservationView): string | undefined {
  const roles = sawOf(view, 'database.roles');
  const isIn = sawOf(view, 'database.app')?.result === 'connected';
  const role = isIn || roles === undefined ? undefined : readOnlyRole(roles);
  return role === undefined ? undefined : `sessions of ${role} begin read-only`;
}

/** From the port of PostgreSQL to a session in it. */
export const DATABASE_CHECKS: readonly Check[] = [
  checkOf({
    id: 'database.cluster',
    layer: 'database',
    title: 'PostgreSQL runs',
    from: 'database.cluster',
    judge: judgeCluster,
  }),
  FILES_CHECK,
  checkOf({
    id: 'database.scheduled',
    layer: 'database',
    title: 'PostgreSQL is not suspended',
    from: 'database.cluster',
    judge: ({ suspended, pid }) =>
      suspended
        ? fail(`process ${pid} is suspended by a signal (state T)`, `pid:${pid}`)
        : pass('it is not suspended'),
  }),
  checkOf({
    id: 'database.port',
    layer: 'database',
    title: 'The port of PostgreSQL accepts connections',
    from: 'database.port',
    judge: judgePort,
  }),
  checkOf({
    id: 'database.address',
    layer: 'config',
    title: 'The database URL names the right host and port',
    from: 'database.address',
    judge: ({ address, resolved, answersAt, confirmed }) => {
      if (!resolved) return fail(`the host name of ${address} does not resolve`, `host:${address}`);
      if (answersAt !== undefined)
        return fail(`PostgreSQL answers at ${answersAt}, not at ${address}`, `host:${address}`);
      return confirmed ? pass(address) : unknown(`nothing else tells whether ${address} is right`);
    },
  }),
  checkOf({
    id: 'database.answers',
    layer: 'database',
    title: 'PostgreSQL answers',
    from: 'database.app',
    judge: judgeAnswers,
  }),
  stageCheck({
    stage: 'accepts',
    title: 'PostgreSQL takes new sessions',
    failure: login => `PostgreSQL is starting, recovering or stopping: ${said(login)}`,
  }),
  stageCheck({
    stage: 'slots',
    title: 'PostgreSQL has a free connection',
    failure: login => `PostgreSQL has no connection left for ${login.role} (SQLSTATE ${login.sqlState})`,
  }),
  checkOf({
    id: 'database.slots_in_use',
    layer: 'database',
    title: 'Connections are taken by sessions that do something',
    from: 'database.server',
    judge: ({ sessions }, view) => {
      const refused = refusedFor('slots', view);
      if (refused === undefined) return pass('nobody is refused one');
      const holder = findHolder(view);
      if (holder === undefined) {
        const seen = sessions.some(one => one.role === refused);
        return seen ? pass('they do') : unknown(`what the sessions of ${refused} do cannot be seen`);
      }
      const { role, idleInTransaction, total } = holder;
      const detail = `${idleInTransaction} of ${total} sessions of ${role} are idle in a transaction, and there is no connection left`;
      return { ...fail(detail, `role:${role}`), evidence: ['database.server', 'database.app'] };
    },
  }),
  stageCheck({
    stage: 'login',
    title: 'PostgreSQL accepts the passwords',
    failure: login => `PostgreSQL refuses the password of ${login.role}: ${said(login)}`,
    subject: login => `role:${login.role}`,
  }),
  stageCheck({
    stage: 'allowed',
    title: 'The roles may connect',
    failure: login => `PostgreSQL does not let ${login.role} in: ${said(login)}`,
    subject: login => `role:${login.role}`,
    remedy: remedyForLogin,
  }),
  stageCheck({
    stage: 'exists',
    title: 'The database exists',
    failure: login => `there is no database "${login.database}": ${said(login)}`,
    subject: login => `database:${login.database}`,
  }),
  checkOf({
    id: 'database.writable',
    layer: 'database',
    title: 'The database takes changes',
    from: 'database.server',
    judge: ({ readOnly, version }, view) => {
      const begins = beginsReadOnly(view);
      if (!readOnly && begins === undefined) return pass(`PostgreSQL ${version}, read-write`);
      const remedy = readOnlyRemedy(view);
      const failed = fail(begins ?? 'the database is read-only: a standby, or set so');
      return remedy === undefined ? failed : { ...failed, remedy };
    },
  }),
  checkOf({
    id: 'database.round_trip',
    layer: 'database',
    title: 'The database answers fast',
    from: 'database.server',
    judge: ({ roundTripMs, connections, maxConnections }) => {
      const detail = `${roundTripMs} ms a round trip, ${connections} of ${maxConnections} connections in use`;
      return roundTripMs > SLOW_ROUND_TRIP_MS ? degraded(detail) : pass(detail);
    },
  }),
];
