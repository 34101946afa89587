import { type Queryable, sql } from '@holdfast/postgres';
import { judgeSearchPath, judgeTime } from '../../checks/role-settings.ts';
import type { RoleSetting } from '../../probes/role-queries.ts';
import type { Sightings } from '../../sightings.ts';
import { type Hand, type HandContext, nameIn } from '../hand.ts';
import type { PlannedStep } from '../repair-plan.ts';
import { quoteName, quoteText, statement } from '../statement.ts';
import { isSuperuser, mayAlterDatabase, mayAlterRole } from './role-rights.ts';
import { MAY_END } from './sessions.ts';

type Roles = Sightings['database.roles'];
type Recorded = Omit<Roles['settings'][number], 'before'>;

type Judge = (roles: Roles) => { readonly outcome: string };

/** For whom a setting is. */
type Place = Pick<RoleSetting, 'role' | 'ofRole' | 'inDatabase'>;

interface Change {
  readonly place: Place;
  readonly statement: string;
  readonly undo: string;
}

/** A hand that makes what is set for the role of the API what was recorded while all was well. */
function resetting(what: string, judge: Judge): Hand {
  return async (context, { subject }) => {
    const roles = rolesSeen(context);
    if (roles === undefined) return { cannot: 'what is set for its sessions was not seen' };
    const role = nameIn(subject);
    const db = await context.db();
    const recorded = await recordedFor(context, role);
    const changes: Change[] = [];
    for (const name of namesOf(roles, judge)) {
      const live = await listPlaces(db, role, name);
      changes.push(
        ...changesOf(
          live,
          recorded.find(item => item.name === name),
          roles.database.name,
        ),
      );
    }
    if (changes.length === 0) return { cannot: 'what it was set to before is not known' };
    const statements = changes.map(({ statement }) => statement);
    const ending = endingOf(changes.map(({ place }) => place));
    const forbidden = await whyNot(db, changes);
    if (forbidden !== undefined)
      return {
        cannot: `the role ${forbidden} may not do it; as a superuser: ${statements.join('; ')}; ${ending};`,
      };
    const undo = changes.map(change => change.undo);
    const steps: PlannedStep[] = [
      {
        what: `${what} of ${role} what it was`,
        command: `${statements.join(';\n')};`,
        action: { kind: 'transaction', as: 'administrator', statements, undo },
      },
      {
        what: 'End the sessions that began otherwise; their clients connect again by themselves',
        command: `${ending};`,
        action: { kind: 'transaction', as: 'administrator', statements: [ending], undo: null },
      },
    ];
    return { risk: 'confirm', effect: 'none', touches: [], undo: `${undo.join('; ')};`, steps };
  };
}

export const resetSearchPath: Hand = resetting('Make the search path', judgeSearchPath);
export const resetTimeLimit: Hand = resetting('Make the limit of time', judgeTime);

function rolesSeen({ diagnosis }: HandContext): Roles | undefined {
  const seen = diagnosis.observations.find(({ id }) => id === 'database.roles');
  return seen !== undefined && 'saw' in seen ? (seen.saw as unknown as Roles) : undefined;
}

/** What applied to the role. Holdfast sets nothing for its own. */
async function recordedFor({ target }: HandContext, role: string): Promise<readonly Recorded[]> {
  const expected = 'kind' in target ? await target.expected?.() : undefined;
  return (expected?.roleSettings ?? []).filter(item => item.role === role);
}

/** The settings that are judged to be wrong, or gone, one by one. */
function namesOf(roles: Roles, judge: Judge): ReadonlySet<string> {
  const isWrong = (part: Pick<Roles, 'settings' | 'lost'>): boolean =>
    judge({ ...roles, ...part }).outcome === 'fail';
  const wrong = roles.settings.filter(setting => isWrong({ settings: [setting], lost: [] }));
  const gone = roles.lost.filter(lost => isWrong({ settings: [], lost: [lost] }));
  return new Set([...wrong, ...gone].map(({ name }) => name));
}

/** Wherever one setting is made that applies to a role in this database. */
function listPlaces(db: Queryable, role: string, name: string): Promise<Recorded[]> {
  return db.many(sql<Recorded>`
    select r.rolname::text as role, ${name}::text as name, d.setrole <> 0 as "ofRole", d.setdatabase <> 0 as "inDatabase",
      pg_catalog.substr(item.text, pg_catalog.length(${name}::text) + 2) as value
    from pg_catalog.pg_roles r
    join pg_catalog.pg_db_role_setting d on d.setrole in (0, r.oid) and d.setdatabase in (
      0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    )
    cross join pg_catalog.unnest(d.setconfig) as item (text)
    where r.rolname = ${role} and pg_catalog.split_part(item.text, '=', 1) = ${name}::text
    order by d.setrole <> 0 desc, d.setdatabase <> 0 desc`);
}

/** The narrowest place wins, so what is narrower than the one that was recorded has come since, and what is wider never mattered. */
function changesOf(live: readonly Recorded[], before: Recorded | undefined, database: string): Change[] {
  const changes = live
    .filter(item => before === undefined || narrowness(item) > narrowness(before))
    .map(item => ({
      place: item,
      statement: resettingOf(item, database),
      undo: settingOf(item, database),
    }));
  if (before === undefined) return changes;
  const same = live.find(item => narrowness(item) === narrowness(before));
  if (same?.value === before.value) return changes;
  const undo = same === undefined ? resettingOf(before, database) : settingOf(same, database);
  return [...changes, { place: before, statement: settingOf(before, database), undo }];
}

function narrowness({ ofRole, inDatabase }: Place): number {
  return (ofRole ? 2 : 0) + (inDatabase ? 1 : 0);
}

function settingOf(item: Recorded, database: string): string {
  const value = item.name === 'search_path' ? pathOf(item.value) : quoteText(item.value);
  return `alter ${targetOf(item, database)} set ${item.name} = ${value}`;
}

function resettingOf(item: Recorded, database: string): string {
  return `alter ${targetOf(item, database)} reset ${item.name}`;
}

function targetOf({ role, ofRole, inDatabase }: Place, database: string): string {
  if (!ofRole) return inDatabase ? `database ${quoteName(database)}` : 'role all';
  return `role ${quoteName(role)}${inDatabase ? ` in database ${quoteName(database)}` : ''}`;
}

/** As texts, of which one may be empty; PostgreSQL keeps them as names. */
function pathOf(value: string): string {
  const names = [...value.matchAll(/"((?:[^"]|"")*)"|([^",\s]+)/g)];
  return names.map(([, quoted, plain]) => quoteText(quoted?.replaceAll('""', '"') ?? plain ?? '')).join(', ');
}

/** Of this database: in others nobody has looked. */
function endingOf(places: readonly Place[]): string {
  return `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where ${concerned(places)}`;
}

function concerned(places: readonly Place[]): string {
  const everybody = places.some(({ ofRole }) => !ofRole);
  const whose = everybody ? [] : [`usename in (${places.map(({ role }) => quoteText(role)).join(', ')})`];
  return [
    'datname = pg_catalog.current_database()',
    ...whose,
    `backend_type = 'client backend'`,
    'pid <> pg_catalog.pg_backend_pid()',
    `application_name not like 'holdfast-repair%'`,
  ].join(' and ');
}

/** The role that may not do a part of it; undefined when it may do all. */
async function whyNot(db: Queryable, changes: readonly Change[]): Promise<string | undefined> {
  for (const { place } of changes) {
    const { by, may } = await mayChange(db, place);
    if (!may) return by;
  }
  const { by, found } = await db.one(sql<{ by: string; found: boolean }>`
    select current_user::text as by, exists (
      select from pg_catalog.pg_stat_activity
      where ${statement(concerned(changes.map(({ place }) => place)))} and not ${MAY_END}
    ) as found`);
  return found ? by : undefined;
}

/** A role may change what is set for itself. */
async function mayChange(
  db: Queryable,
  { role, ofRole, inDatabase }: Place,
): Promise<{ readonly by: string; readonly may: boolean }> {
  if (!ofRole) return inDatabase ? mayAlterDatabase(db) : isSuperuser(db);
  const { by, may } = await mayAlterRole(db, role);
  return { by, may: may || by === role };
}
