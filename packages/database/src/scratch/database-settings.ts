import { type Connection, sql, sqlState } from '@holdfast/postgres';
import { settingText } from '../setting-text.ts';

/** Only a superuser may set it; there is no such setting; it has no such value: on another server, for another role. */
const IMPOSSIBLE = new Set(['42501', '42704', '22023']);

/**
 * Sets for a database what ALTER DATABASE … SET says of another one, as `name=value`: its search_path decides where migrations put
 * things. What cannot be set here is left out.
 */
export async function copySettings(
  admin: Connection,
  database: string,
  settings: readonly string[],
): Promise<void> {
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const variable = setting.slice(0, at);
    const value = settingText(variable, setting.slice(at + 1));
    const parts = variable.split('.') as [string, ...string[]];
    try {
      await admin.script(`alter database ${sql.id(database).text} set ${sql.id(...parts).text} = ${value}`);
    } catch (error) {
      if (!IMPOSSIBLE.has(sqlState(error) ?? '')) throw error;
    }
  }
}
