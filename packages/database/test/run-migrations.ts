import { argv, stdout } from 'node:process';
import { isHoldfastError } from '@holdfast/core';
import { type MigrateUpOptions, migrateUp, readMigrations } from '@holdfast/database/migrate';
import { connect } from '@holdfast/postgres';

/** A runner as a process of its own: one line of JSON for each step, then one for the outcome. */
const [, , url = '', dir = '', options = '{}'] = argv;
const say = (line: object): void => void stdout.write(`${JSON.stringify(line)}\n`);

const connection = await connect({ url, applicationName: 'runner' });
try {
  const migrations = await readMigrations(dir);
  const { applied } = await migrateUp({
    connection,
    migrations,
    appVersion: '1.2.3',
    onProgress: say,
    ...(JSON.parse(options) as Partial<MigrateUpOptions>),
  });
  say({ kind: 'done', applied: applied.map(({ version }) => version) });
} catch (error) {
  say({ kind: 'error', code: isHoldfastError(error) ? error.code : String(error) });
} finally {
  await connection.close();
}
