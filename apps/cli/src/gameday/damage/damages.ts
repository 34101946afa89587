import { rm } from 'node:fs/promises';
import { sql } from '@holdfast/postgres';
import type { Damage, DamageScene } from './damage.ts';
import { overwritePage } from './overwrite-page.ts';

const PROFILES = 'public.user_profiles';
const INDEX = 'public.user_profiles_pkey';

/** Every kind of damage of a game day, with the signal it must give and its accepted repair. */
export const DAMAGES: readonly Damage[] = [
  {
    name: 'table-dropped',
    what: 'the table user_profiles was dropped',
    inflict: ({ database }) => database.query(sql`drop table public.user_profiles cascade`),
    signal: { by: 'doctor', codes: ['table_missing'], subject: 'table:user_profiles' },
    remedy: { kind: 'table', table: 'user_profiles' },
  },
  {
    name: 'users-deleted',
    what: 'somebody ran "delete from users" without WHERE',
    inflict: ({ database }) => database.query(sql`delete from public.users`),
    signal: { by: 'diff', table: 'public.users' },
    remedy: { kind: 'point-in-time' },
  },
  {
    name: 'refresh-tokens-truncated',
    what: 'refresh_tokens was truncated',
    inflict: ({ database }) => database.query(sql`truncate public.refresh_tokens`),
    signal: { by: 'doctor', codes: ['refresh_tokens_truncated'], subject: 'table:refresh_tokens' },
    remedy: { kind: 'table', table: 'refresh_tokens' },
  },
  {
    name: 'grants-deleted',
    what: 'every row of role_permissions was deleted',
    inflict: ({ database }) => database.query(sql`delete from public.role_permissions`),
    signal: { by: 'doctor', codes: ['role_permissions_deleted'], subject: 'table:role_permissions' },
    remedy: { kind: 'table', table: 'role_permissions' },
  },
  {
    name: 'page-corrupted',
    what: 'a page of user_profiles was overwritten on disk',
    inflict: scene => overwritePage(scene, PROFILES, 0),
    signal: { by: 'health', entries: ['checksums', 'index-check'] },
    remedy: { kind: 'latest' },
  },
  {
    name: 'index-corrupted',
    what: 'a page of the primary key of user_profiles was overwritten on disk',
    inflict: scene => overwritePage(scene, INDEX, 1),
    signal: { by: 'health', entries: ['checksums', 'index-check'] },
    remedy: {
      kind: 'statement',
      command: `reindex index concurrently ${INDEX}`,
      mend: ({ database }) => database.query(sql`reindex index concurrently public.user_profiles_pkey`),
    },
  },
  {
    name: 'postgres-killed',
    what: 'PostgreSQL was killed with SIGKILL',
    inflict: killPostgres,
    signal: { by: 'incident', part: 'postgres' },
    remedy: { kind: 'wait' },
  },
  {
    name: 'data-directory-gone',
    what: 'PostgreSQL was killed and its data directory removed',
    inflict: async scene => {
      const dataDir = await scene.database.dataDir();
      await killPostgres(scene);
      await rm(dataDir, { recursive: true, force: true });
    },
    signal: { by: 'doctor', codes: ['database_files_gone'] },
    remedy: { kind: 'latest' },
  },
];

async function killPostgres({ database }: DamageScene): Promise<void> {
  const pid = await database.pid();
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}
