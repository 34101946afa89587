import { errorMessage, HoldfastError, isHoldfastError, redactText } from '@holdfast/core';
import { type Connection, connect, sql, sqlState } from '@holdfast/postgres';
import type { LoginSighting, PortSighting } from '../sightings.ts';
import type { Target } from '../target.ts';
import {
  allBlind,
  couldNotLook,
  type Look,
  type Looks,
  milliseconds,
  type ProbeTools,
  sawIn,
} from './probe.ts';
import { addressOf, lookAtPort } from './tcp-port.ts';

/** The doctor's own sessions, two at most; whoever opened the door closes them. */
export interface OpenDoor {
  readonly looks: Looks;
  readonly app: Connection | undefined;
  readonly owner: Connection | undefined;
}

const CONNECT_MS = 2_000;
/** For a login after one that was not answered in time: starting a session can take that long on a busy machine. */
const SECOND_CONNECT_MS = 3_000;
const STATEMENT_MS = 1_500;
/** Who holds a lock is read elsewhere; to wait for it longer would use up the time of what comes after. */
const LOCK_MS = 400;
const APPLICATION = 'holdfast-doctor';
/** Where a server on this machine is known to listen. */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1', '[::1]']);
const TOO_MANY_CONNECTIONS = '53300';
const FULL_RETRIES = 12;
const FULL_PAUSE_MS = 100;

/**
 * Knocks at PostgreSQL as the role of the API, and as the one that sees more when its URL is known. The port is tried on
 * its own only after both were refused, so that there are never more than two connections. Never rejects.
 */
export async function openDatabaseDoor(
  { appUrl, ownerUrl }: Pick<Target['database'], 'appUrl' | 'ownerUrl'>,
  tools: ProbeTools,
): Promise<OpenDoor> {
  if (appUrl === undefined || !URL.canParse(appUrl)) {
    const looks = allBlind(['database.port', 'database.app'], 'the database URL is not known');
    return { looks, app: undefined, owner: undefined };
  }
  const [app, owner] = await Promise.all([
    logInUnlessSilent(appUrl, tools),
    ownerUrl === undefined ? undefined : logInWhenFull(ownerUrl, tools),
  ]);
  // who was not waited for has not been silent
  if (tools.signal.aborted && !app.answered) {
    await owner?.connection?.close();
    const looks = allBlind(['database.port', 'database.app', 'database.owner'], tools.signal.reason);
    return { looks, app: undefined, owner: undefined };
  }
  const { host, port } = addressOf(appUrl);
  const seen: PortSighting = app.answered
    ? { host, port, result: 'open', milliseconds: app.login.milliseconds }
    : await lookAtPort(host, port, CONNECT_MS, tools);
  return {
    looks: {
      'database.port': { saw: seen },
      'database.app': appLook(app.login, seen),
      'database.owner': ownerLook(owner, seen),
    },
    app: app.connection,
    owner: owner?.connection,
  };
}

interface LogIn {
  readonly login: LoginSighting;
  readonly connection: Connection | undefined;
  /** Whether something spoke PostgreSQL's protocol. */
  readonly answered: boolean;
}

/**
 * Logs in once more where PostgreSQL had no connection left. Whoever it refuses holds one until it has said so: a server that
 * tries to get its pool back takes for moments even those that are kept for roles with `pg_use_reserved_connections`.
 */
async function logInWhenFull(url: string, tools: ProbeTools): Promise<LogIn> {
  for (let retries = FULL_RETRIES; ; retries -= 1) {
    const attempt = await logIn(url, tools);
    if (attempt.login.sqlState !== TOO_MANY_CONNECTIONS || retries === 0 || tools.signal.aborted)
      return attempt;
    await tools.clock.sleep(FULL_PAUSE_MS, tools.signal).catch(() => undefined);
  }
}

/** One silence is not taken for a hung PostgreSQL. */
async function logInUnlessSilent(url: string, tools: ProbeTools): Promise<LogIn> {
  const attempt = await logIn(url, tools);
  if (attempt.login.result !== 'timeout' || tools.signal.aborted) return attempt;
  return logIn(url, tools, SECOND_CONNECT_MS);
}

async function logIn(
  url: string,
  { clock, patience }: ProbeTools,
  connectMs: number = CONNECT_MS,
): Promise<LogIn> {
  const begin = clock.monotonic();
  const head = loginHead(url);
  const took = (): number => milliseconds(begin, clock.monotonic());
  try {
    const connection = await connect({
      url,
      connectTimeoutMs: connectMs * patience,
      statementTimeoutMs: STATEMENT_MS * patience,
      applicationName: APPLICATION,
    });
    await limitLockWaits(connection);
    return { login: { ...head, result: 'connected', milliseconds: took() }, connection, answered: true };
  } catch (error) {
    const login = { ...head, ...refusal(error), milliseconds: took() };
    return { login, connection: undefined, answered: sqlState(error) !== undefined };
  }
}

async function limitLockWaits(connection: Connection): Promise<void> {
  try {
    await connection.query(sql`select pg_catalog.set_config('lock_timeout', ${String(LOCK_MS)}, false)`);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function loginHead(url: string): Pick<LoginSighting, 'role' | 'database' | 'address'> {
  const { username, pathname } = new URL(url);
  const { host, port } = addressOf(url);
  const role = decodeURIComponent(username);
  const database = decodeURIComponent(pathname.slice(1));
  return { role, database: database === '' ? role : database, address: `${host}:${port}` };
}

function refusal(error: unknown): Pick<LoginSighting, 'result' | 'sqlState' | 'message'> {
  const state = sqlState(error);
  const cause = error instanceof HoldfastError ? (error.cause ?? error) : error;
  const message = redactText(errorMessage(cause));
  if (state === undefined)
    return { result: isHoldfastError(error, 'database_timeout') ? 'timeout' : 'refused', message };
  return { result: 'refused', sqlState: state, message };
}

function appLook(login: LoginSighting, port: PortSighting): Look<'database.app'> {
  if (port.result !== 'open') {
    return couldNotLook('the port of PostgreSQL does not accept connections', 'database.port');
  }
  if (login.result === 'refused' && login.sqlState === undefined) {
    return couldNotLook(`the connection broke: ${login.message}`, 'database.port');
  }
  return { saw: login };
}

function ownerLook(owner: LogIn | undefined, port: PortSighting): Look<'database.owner'> {
  if (owner === undefined) return couldNotLook('no URL of a role that owns the tables is known');
  return appLook(owner.login, owner.answered ? { ...port, result: 'open' } : port);
}

/** Whether the URL of the API names the right place. */
export function judgeAddress(
  { appUrl, embedded }: Pick<Target['database'], 'appUrl' | 'embedded'>,
  looks: Looks,
): Looks {
  const port = sawIn(looks, 'database.port');
  if (port === undefined || appUrl === undefined) return {};
  const address = `${port.host}:${port.port}`;
  const resolved = port.result !== 'unresolved';
  if (port.result === 'open') return { 'database.address': { saw: { address, resolved, confirmed: true } } };
  const owner = sawIn(looks, 'database.owner')?.address;
  const elsewhere = owner === address ? undefined : owner;
  const cluster = sawIn(looks, 'database.cluster');
  const running = cluster?.state === 'running' ? cluster.port : undefined;
  const own = embedded?.port ?? running;
  const isCluster = own === port.port && (embedded !== undefined || LOOPBACK.has(port.host));
  const moved = running !== undefined && own !== port.port;
  const answersAt = elsewhere ?? (moved ? `127.0.0.1:${own}` : undefined);
  const head = { address, resolved, confirmed: isCluster };
  return { 'database.address': { saw: answersAt === undefined ? head : { ...head, answersAt } } };
}
