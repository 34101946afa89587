import type { Check, CheckResult, ObservationView } from '../engine/index.ts';
import type { LoginSighting, PortSighting } from '../sightings.ts';
import { blocked, checkOf, degraded, fail, type Judgement, pass, sawOf, unknown } from './judge.ts';

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
    const failures = failuresOf(spec, logins);
    if (failures.length > 0) return failures;
    const app = logins.find(({ id }) => id === 'database.app');
    const passed = logins.filter(({ verdict }) => verdict === 'pass').map(({ id }) => id);
    if (app?.verdict === 'pass') return [{ ...pass(describe(app.login)), evidence: passed }];
    return ids.length === 0 ? [] : [{ ...blocked('the connection did not get that far'), evidence: ids }];
  };
  return { id: `database.${stage}`, layer: 'database', title, evaluate };
}

/** Both roles may be refused for the same reason: that is one failure with the evidence of both. */
function failuresOf({ failure, subject }: StageSpec, logins: readonly JudgedLogin[]): CheckResult[] {
  const failed = logins.filter(({ verdict }) => verdict === 'fail');
  const bySubject = Map.groupBy(failed, ({ login }) => subject?.(login));
  return [...bySubject].flatMap(([about, group]) =>
    group
      .slice(0, 1)
      .map(({ login }) => ({ ...fail(failure(login), about), evidence: group.map(({ id }) => id) })),
  );
}

function describe({ result, role, milliseconds }: LoginSighting): string {
  return result === 'connected' ? `connected as ${role} in ${milliseconds} ms` : `${role} got beyond it`;
}

const said = ({ message, sqlState }: LoginSighting) => `${message ?? 'no message'} (SQLSTATE ${sqlState})`;

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

/** From the port of PostgreSQL to a session in it. */
export const DATABASE_CHECKS: readonly Check[] = [
  checkOf({
    id: 'database.cluster',
    layer: 'database',
    title: 'The embedded PostgreSQL runs',
    from: 'database.cluster',
    judge: ({ state, pid }) => {
      if (state === 'running') return pass(`the embedded PostgreSQL runs as process ${pid}`);
      if (state === 'stopped') return fail('the embedded PostgreSQL is shut down');
      return fail(
        'the embedded PostgreSQL is gone and has left its pid file behind: it was killed or crashed',
      );
    },
  }),
  checkOf({
    id: 'database.scheduled',
    layer: 'database',
    title: 'The embedded PostgreSQL is not suspended',
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
    failure: login => `PostgreSQL has no connection left for ${login.role}: ${said(login)}`,
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
    judge: ({ readOnly, version }) =>
      readOnly
        ? fail('the database is read-only: a standby, or set so')
        : pass(`PostgreSQL ${version}, read-write`),
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
