import type { Queryable } from '@holdfast/postgres';
import type { Sightings } from '../sightings.ts';
import type { Target } from '../target.ts';
import { listRoleFacts, listRoleSettings, type RoleSetting, readDatabaseLimit } from './role-queries.ts';

type Urls = Pick<Target['database'], 'appUrl' | 'ownerUrl'>;

/**
 * What the roles of the doctor's URLs may do, and what their sessions begin with. `expected` is what that was while all was well;
 * undefined where nobody knows.
 */
export async function lookAtRoles(
  db: Queryable,
  { appUrl, ownerUrl }: Urls,
  expected: readonly RoleSetting[] | undefined,
): Promise<Sightings['database.roles']> {
  const [app, owner] = [appUrl, ownerUrl].map(roleOf);
  const names = [...new Set([app, owner].filter(role => role !== undefined))];
  const roles = await listRoleFacts(db, names);
  const settings = app === undefined ? [] : await listRoleSettings(db, [app]);
  const before = expected?.filter(({ role }) => role === app);
  return {
    roles,
    database: await readDatabaseLimit(db),
    settings: settings.map(setting => ({ ...setting, ...valueIn(before, setting.name) })),
    known: before !== undefined,
    lost: (before ?? [])
      .filter(({ name }) => !settings.some(setting => setting.name === name))
      .map(({ role, name, value }) => ({ role, name, value })),
  };
}

function valueIn(settings: readonly RoleSetting[] | undefined, name: string): { readonly before?: string } {
  const value = settings?.find(setting => setting.name === name)?.value;
  return value === undefined ? {} : { before: value };
}

function roleOf(url: string | undefined): string | undefined {
  return url === undefined || !URL.canParse(url) ? undefined : decodeURIComponent(new URL(url).username);
}
