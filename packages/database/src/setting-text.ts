import { sql } from '@holdfast/postgres';

/** Settings that hold a list of names. The server stores them as they were written, with their quotes. */
const LISTS: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** What stands behind `set NAME to` for a value as pg_db_role_setting has it. */
export function settingText(name: string, value: string): string {
  return LISTS.has(name) && value !== '' ? value : sql.literal(value).text;
}
