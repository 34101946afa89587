import type { ObservationView } from '../engine/index.ts';
import type { Sightings } from '../sightings.ts';
import { degraded, fail, type Judgement, pass, sawOf, unknown } from './judge.ts';

type Roles = Sightings['database.roles'];
type Setting = Roles['settings'][number];

/** Below it a statement is cut off that an API has to wait for now and then. */
const SHORT_MS = 1_000;
const DEFAULT_PATH = '"$user", public';
const TIME_LIMITS = ['statement_timeout', 'transaction_timeout'];
const UNIT_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a value as PostgreSQL keeps it, such as `50ms`; a number alone is milliseconds, too. */
function millisecondsOf(value: string): number | undefined {
  const [, number, unit = 'ms'] = /^'?\s*([\d.]+)\s*([a-z]+)?'?$/.exec(value) ?? [];
  const factor = UNIT_MS[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

/** The schemas of a search path that the other one lacks. */
function schemasLost(before: string, now: string): string[] {
  const namesOf = (path: string) => path.split(',').map(name => name.trim().replaceAll(/^"|"$/g, ''));
  const kept = new Set(namesOf(now));
  return namesOf(before).filter(name => name !== '$user' && name !== '' && !kept.has(name));
}

function placeOf({ role, ofRole, inDatabase }: Setting, database: string): string {
  if (!ofRole) return inDatabase ? `database ${quote(database)}` : 'role all';
  return `role ${quote(role)}${inDatabase ? ` in database ${quote(database)}` : ''}`;
}

/** The statement that takes a setting back to what it was. */
function resetOf(setting: Setting, database: string): string {
  const { name, before } = setting;
  const place = placeOf(setting, database);
  return before === undefined
    ? `alter ${place} reset ${name};`
    : `alter ${place} set ${name} = ${name === 'search_path' ? before : `'${before}'`};`;
}

export const quote = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

export const subjectOf = (role: string): string => `role:${role}`;

export function judgeSearchPath({ settings, lost, known, database }: Roles): Judgement {
  const setting = settings.find(({ name }) => name === 'search_path');
  const gone = lost.find(({ name }) => name === 'search_path');
  if (setting === undefined && gone === undefined) return pass('as PostgreSQL has it by itself');
  const role = setting?.role ?? gone?.role ?? '';
  if (!known)
    return unknown(`whether it always was ${setting?.value} is not known: holdfast snapshot records it`);
  const missing = schemasLost(setting?.before ?? gone?.value ?? DEFAULT_PATH, setting?.value ?? DEFAULT_PATH);
  if (missing.length === 0) return pass(setting?.value ?? DEFAULT_PATH);
  const detail =
    setting === undefined
      ? `the search path ${gone?.value} is not set for ${role} any more`
      : `sessions of ${role} begin with the search path ${setting.value}, which lacks ${missing.join(', ')}`;
  const remedy =
    setting === undefined
      ? `alter role ${quote(role)} set search_path = ${gone?.value};`
      : resetOf(setting, database.name);
  return { ...fail(detail, subjectOf(role)), remedy: [remedy] };
}

export function judgeTime({ settings, known, database }: Roles): Judgement {
  const short = settings
    .filter(({ name }) => TIME_LIMITS.includes(name))
    .map(setting => ({ setting, limit: millisecondsOf(setting.value) ?? 0 }))
    .find(({ setting, limit }) => limit > 0 && limit < SHORT_MS && setting.before !== setting.value);
  if (short === undefined) return pass('none is cut off within a second');
  const { role, name, value } = short.setting;
  const detail = `sessions of ${role} begin with ${name} = ${value}`;
  if (!known) return degraded(`${detail}; whether that is meant is not known: holdfast snapshot records it`);
  return { ...fail(detail, subjectOf(role)), remedy: [resetOf(short.setting, database.name)] };
}

/** Whether something that is set for the role of the API decides what its statements find, or when they end. */
export function isRoleHindered(view: ObservationView): boolean {
  const roles = sawOf(view, 'database.roles');
  return (
    roles !== undefined &&
    [judgeSearchPath(roles), judgeTime(roles)].some(({ outcome }) => outcome === 'fail')
  );
}

/** The role whose new sessions begin read-only though they used not to; undefined without one. */
export function readOnlyRole({ settings }: Roles): string | undefined {
  const setting = settings.find(({ name }) => name === 'default_transaction_read_only');
  return setting !== undefined && isOn(setting.value) && setting.before !== setting.value
    ? setting.role
    : undefined;
}

const isOn = (value: string): boolean => /^'?(on|true|yes|1)'?$/i.test(value);

/** The statement that lets a role write which was set to read-only. */
export function readOnlyRemedy(view: ObservationView): readonly string[] | undefined {
  const roles = sawOf(view, 'database.roles');
  const setting = roles?.settings.find(({ name }) => name === 'default_transaction_read_only');
  if (roles === undefined || setting === undefined || !isOn(setting.value)) return undefined;
  return [resetOf(setting, roles.database.name), endSessions(roles, setting)];
}

function endSessions({ database }: Roles, { role, ofRole }: Setting): string {
  const whose = ofRole
    ? `usename = '${role.replaceAll("'", "''")}'`
    : `datname = '${database.name.replaceAll("'", "''")}'`;
  return `select pg_terminate_backend(pid) from pg_stat_activity where ${whose} and pid <> pg_backend_pid();`;
}
