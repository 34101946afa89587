import type { Check, ObservationView } from '../engine/index.ts';
import type { LoginSighting, Sightings } from '../sightings.ts';
import { findHolder, refusedFor } from './database-checks.ts';
import { blocked, checkOf, fail, type Judgement, pass, sawOf, unknown } from './judge.ts';
import { judgeSearchPath, judgeTime, quote, subjectOf } from './role-settings.ts';

type Roles = Sightings['database.roles'];
const LOGINS = ['database.app', 'database.owner'] as const;

function expiredRole(roles: Roles, view: ObservationView): Roles['roles'][number] | undefined {
  const refused = refusedFor('login', view);
  return roles.roles.find(({ role, expiredAt }) => expiredAt !== null && role === refused);
}

const WRONG_PASSWORD = '28P01';

function judgePassword(view: ObservationView): Judgement[] {
  const refused = LOGINS.flatMap(id => sawOf(view, id) ?? []).filter(
    ({ sqlState }) => sqlState === WRONG_PASSWORD,
  );
  if (refused.length === 0) return [pass('no password is refused')];
  const roles = sawOf(view, 'database.roles');
  if (roles === undefined)
    return [unknown('whether the role is still good cannot be seen without a session in the database')];
  const wrong = refused.filter(({ role }) =>
    roles.roles.every(item => item.role !== role || item.expiredAt === null),
  );
  return wrong.length === 0
    ? [pass('the role has expired, whatever its password')]
    : [...new Set(wrong.map(({ role }) => role))].map(role =>
        fail(`it is not the password of ${role}`, subjectOf(role)),
      );
}

/** Whose limit a refusal for want of connections is about, in the words of PostgreSQL (`InitializeSessionUserId`, `CheckMyDatabase`). */
function limitNamed({ message = '' }: LoginSighting): 'role' | 'database' | 'server' | undefined {
  if (/too many connections for role/.test(message)) return 'role';
  if (/too many connections for database/.test(message)) return 'database';
  return /too many clients|remaining connection slots/.test(message) ? 'server' : undefined;
}

interface Limited {
  readonly subject: string;
  readonly detail: string;
  readonly remedy: readonly string[];
}

/** The limit that the refused login has run into; undefined when it is the one of the whole server. */
function limitReached(login: LoginSighting, { roles, database }: Roles): Limited | undefined {
  const named = limitNamed(login);
  const role = roles.find(item => item.role === login.role);
  const isFull = (
    item: { readonly connectionLimit: number; readonly sessions: number } | undefined,
  ): boolean => item !== undefined && item.connectionLimit >= 0 && item.sessions >= item.connectionLimit;
  if (role !== undefined && (named === 'role' || (named === undefined && isFull(role)))) {
    return {
      subject: subjectOf(role.role),
      detail: `${role.role} may have ${role.connectionLimit} connections, and has ${role.sessions}`,
      remedy: [`alter role ${quote(role.role)} connection limit -1;`],
    };
  }
  if (named === 'database' || (named === undefined && isFull(database))) {
    return {
      subject: `database:${database.name}`,
      detail: `the database ${database.name} takes ${database.connectionLimit} connections, and has ${database.sessions}`,
      remedy: [`alter database ${quote(database.name)} connection limit -1;`],
    };
  }
  return undefined;
}

const NO_CONNECTION = '53300';

function refusedLogin(view: ObservationView): LoginSighting | undefined {
  return LOGINS.flatMap(id => sawOf(view, id) ?? []).find(({ sqlState }) => sqlState === NO_CONNECTION);
}

function judgeLimit(view: ObservationView): Judgement {
  const login = refusedLogin(view);
  if (login === undefined) return pass('nobody is refused a connection');
  if (limitNamed(login) === 'server') return pass('it is the limit of the whole server that is reached');
  if (findHolder(view) !== undefined) return blocked('transactions that were left open take the connections');
  const roles = sawOf(view, 'database.roles');
  if (roles === undefined)
    return unknown('who has connections cannot be seen without a session in the database');
  const reached = limitReached(login, roles);
  if (reached === undefined) return pass('it is the limit of the whole server that is reached');
  return { ...fail(reached.detail, reached.subject), remedy: reached.remedy };
}

function judgeTaken(view: ObservationView): Judgement {
  const login = refusedLogin(view);
  if (login === undefined) return pass('nobody is refused a connection');
  if (['role', 'database'].includes(limitNamed(login) ?? ''))
    return pass('it is no limit of the whole server');
  if (findHolder(view) !== undefined) return blocked('transactions that were left open take the connections');
  const [server, roles] = [sawOf(view, 'database.server'), sawOf(view, 'database.roles')];
  if (server === undefined || roles === undefined)
    return unknown('who has connections cannot be seen without a session in the database');
  if (limitReached(login, roles) !== undefined) return pass('it is no limit of the whole server');
  if (!server.sessions.some(({ role }) => role === login.role))
    return unknown(`what the sessions of ${login.role} do cannot be seen`);
  const [most] = server.sessions.toSorted((a, b) => b.total - a.total);
  const whose = most === undefined ? '' : `, most by ${most.role}`;
  return fail(`all of the ${server.maxConnections} that ordinary roles may have are taken${whose}`);
}

/** A check that rests on both logins, and on what a session in the database sees of the roles. */
function loginCheck(
  { id, title }: Pick<Check, 'id' | 'title'>,
  judge: (view: ObservationView) => Judgement | readonly Judgement[],
): Check {
  return {
    ...{ id, layer: 'database', title },
    evaluate: view => {
      const seen = [...LOGINS, 'database.roles' as const].filter(name => sawOf(view, name) !== undefined);
      if (sawOf(view, 'database.app') === undefined && sawOf(view, 'database.owner') === undefined) {
        return view.has('database.app')
          ? [{ ...blocked('no login got that far'), evidence: ['database.app'] }]
          : [];
      }
      return [judge(view)].flat().map(judgement => ({ ...judgement, evidence: seen }));
    },
  };
}

/** What PostgreSQL knows of the roles that want in, and what it gives their sessions. */
export const ROLE_CHECKS: readonly Check[] = [
  loginCheck({ id: 'database.password', title: 'The passwords are the right ones' }, judgePassword),
  checkOf({
    id: 'database.role_valid',
    layer: 'database',
    title: 'The roles have not expired',
    from: 'database.roles',
    judge: (roles, view) => {
      const expired = expiredRole(roles, view);
      if (expired === undefined) return pass('none that is needed has');
      const { role, expiredAt } = expired;
      return {
        ...fail(`the password of ${role} was good until ${expiredAt}`, subjectOf(role)),
        remedy: [`alter role ${quote(role)} valid until 'infinity';`],
      };
    },
  }),
  loginCheck(
    { id: 'database.connection_limit', title: 'Roles and databases get the connections they need' },
    judgeLimit,
  ),
  loginCheck(
    { id: 'database.slots_taken', title: 'The connections of the server are not used up' },
    judgeTaken,
  ),
  checkOf({
    id: 'database.search_path',
    layer: 'database',
    title: 'Sessions of the API find the tables they name',
    from: 'database.roles',
    judge: judgeSearchPath,
  }),
  checkOf({
    id: 'database.statement_time',
    layer: 'database',
    title: 'Statements of the API get the time they need',
    from: 'database.roles',
    judge: judgeTime,
  }),
];
