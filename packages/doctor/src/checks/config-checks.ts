import type { Check, ObservationView } from '../engine/index.ts';
import type { LoginStepSighting, LogSighting, Sightings } from '../sightings.ts';
import { blocked, checkOf, count, fail, type Judgement, pass, sawOf, unknown } from './judge.ts';

type Settings = Sightings['config.settings'];

/**
 * Judges the variables of one kind. What the server itself refused counts most. What only the doctor's own environment
 * lacks proves something when the server should run here and does not; one that answers evidently has it.
 */
function judgeVariables(
  kind: 'missing' | 'invalid',
  settings: Settings,
  view: ObservationView,
): Judgement | Judgement[] {
  const log = sawOf(view, 'logs.server');
  const own = settings.problems.filter(problem => problem.kind === kind);
  if (serverRuns(view) || log?.lastStart === 'serving') return accepted(own);
  if (log?.lastStart === 'refused') {
    const refused = log.settings.filter(setting => setting.kind === kind);
    return refused.length > 0 ? refused.map(({ variable }) => refusedBy(variable, kind)) : accepted(own);
  }
  if (sawOf(view, 'process.server') === undefined) return unknown('the API server does not run here');
  if (own.length > 0)
    return own.map(({ variable, message }) => fail(`${variable} ${message}`, `env:${variable}`));
  return unknown('the log that would tell what the API server found at its last start could not be read');
}

function serverRuns(view: ObservationView): boolean {
  return sawOf(view, 'process.server')?.running === true || sawOf(view, 'api.health')?.result === 'answered';
}

function refusedBy(variable: string, kind: 'missing' | 'invalid'): Judgement {
  const what = kind === 'missing' ? 'is not set' : 'has a value that cannot be used';
  const evidence = ['logs.server', 'config.settings'];
  return {
    ...fail(`the API server found at its last start that ${variable} ${what}`, `env:${variable}`),
    evidence,
  };
}

function accepted(own: Settings['problems']): Judgement {
  const seen = 'the API server accepted its variables at its last start';
  if (own.length === 0) return pass(seen);
  return pass(
    `${seen}; not so in the doctor's own environment: ${own.map(({ variable }) => variable).join(', ')}`,
  );
}

function judgeKeyring({ path, state, problem, keys }: Sightings['config.keyring']): Judgement {
  if (state === 'usable') return pass(`${path} holds ${keys.length} keys`);
  if (state === 'absent') return fail(`there is no keyring at ${path}`);
  return fail(`${path} is not usable: ${problem ?? state}`);
}

function judgePrivacy({ path, state, problem }: Sightings['config.keyring']): Judgement {
  if (state === 'open-to-others') return fail(`${path}: ${problem ?? state}`, `file:${path}`);
  return state === 'usable' ? pass('nobody else can read it') : blocked('there is no usable keyring');
}

/** A server that runs keeps the last good keyring in memory, which hides until its next start that the file is bad. */
function judgeRestart(keyring: Sightings['config.keyring'], view: ObservationView): Judgement {
  if (keyring.state === 'usable') return pass('nothing in the keyring is in its way');
  const { detail } = judgeKeyring(keyring);
  const runs = 'the API server runs on the keyring it read before and would not start again';
  return fail(`${serverRuns(view) ? runs : 'the API server cannot start'}: ${detail}`);
}

/** An access token is exchanged when it has expired; a refresh token or session that has ended by then signs its user out. */
function judgeLifetimes(
  { accessSeconds, refreshSeconds }: LoginStepSighting,
  view: ObservationView,
): Judgement {
  if (accessSeconds === undefined || refreshSeconds === undefined)
    return blocked('nobody signed in, so no lifetime was seen');
  if (refreshSeconds > accessSeconds)
    return pass(`access tokens ${accessSeconds} s, refresh tokens ${refreshSeconds} s`);
  const lifetimes = sawOf(view, 'config.settings')?.lifetimes;
  const bySession = lifetimes !== undefined && lifetimes.sessionMs < lifetimes.refreshMs;
  const variable = bySession ? 'HOLDFAST_SESSION_TTL' : 'HOLDFAST_REFRESH_TOKEN_TTL';
  return fail(
    `a refresh token is good for ${refreshSeconds} s, its access token for ${accessSeconds} s`,
    `env:${variable}`,
  );
}

/** In half a log a value that was wrong for a while and then put back looks like the right one that was changed. */
function judgeClaims(
  { claimsChanged = [], whole }: LogSighting,
  view: ObservationView,
): Judgement | Judgement[] {
  const accessMs = sawOf(view, 'config.settings')?.lifetimes.accessMs ?? 0;
  // a token from before has expired since
  const recent = claimsChanged.filter(({ agoMs }) => agoMs < accessMs);
  if (recent.length === 0) return pass('no access token that is still good was issued under another one');
  const telling = recent.filter(({ beforeMs }) => whole === true || beforeMs >= accessMs);
  if (telling.length === 0)
    return unknown('the log does not go back far enough to tell a change from its repair');
  return telling.map(({ variable, before, now }) =>
    fail(`${variable} was ${before} and is ${now} now`, `env:${variable}`),
  );
}

/** Settings and keyring. */
export const CONFIG_CHECKS: readonly Check[] = [
  checkOf({
    id: 'config.variables_set',
    layer: 'config',
    title: 'Every required variable is set',
    from: 'config.settings',
    judge: (saw, view) => judgeVariables('missing', saw, view),
  }),
  checkOf({
    id: 'config.variables_valid',
    layer: 'config',
    title: 'Every variable has a value that can be used',
    from: 'config.settings',
    judge: (saw, view) => judgeVariables('invalid', saw, view),
  }),
  checkOf({
    id: 'config.start',
    layer: 'config',
    title: 'The API server accepted its configuration at its last start',
    from: 'logs.server',
    judge: ({ lastStart, code, lastWords }, view) => {
      if (serverRuns(view)) return pass('the API server runs');
      if (lastStart === 'unclear') return unknown('the log holds no start of the API server');
      const refused =
        lastStart === 'refused' && (code === 'configuration_invalid' || code === 'keyring_invalid');
      return refused ? fail(lastWords ?? 'it refused its configuration') : pass('it did');
    },
  }),
  checkOf({
    id: 'config.keyring',
    layer: 'config',
    title: 'The keyring is there and usable',
    from: 'config.keyring',
    judge: judgeKeyring,
  }),
  checkOf({
    id: 'config.keyring_private',
    layer: 'config',
    title: 'Nobody but its owner can read the keyring',
    from: 'config.keyring',
    judge: judgePrivacy,
  }),
  checkOf({
    id: 'config.restart',
    layer: 'config',
    title: 'The API server could start again with this keyring',
    from: 'config.keyring',
    judge: judgeRestart,
  }),
  checkOf({
    id: 'config.lifetimes',
    layer: 'config',
    title: 'Refresh tokens and sessions outlive access tokens',
    from: 'auth.login',
    judge: judgeLifetimes,
  }),
  checkOf({
    id: 'config.claims',
    layer: 'config',
    title: 'Issuer and audience are those of the tokens that are in use',
    from: 'logs.server',
    judge: judgeClaims,
  }),
  checkOf({
    id: 'config.pool',
    layer: 'config',
    title: 'The API server may use more than one database connection',
    from: 'api.pool',
    judge: ({ max, waiting }) => {
      const detail = `${count(max, 'connection')} for all requests, ${waiting} waiting`;
      return max === 1 ? fail(detail) : pass(detail);
    },
  }),
];
