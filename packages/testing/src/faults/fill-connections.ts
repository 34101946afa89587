import { type Connection, connect, sql, sqlState } from '@holdfast/postgres';
import { eventually } from '../eventually.ts';

const CROWD = 'holdfast-test-crowd';
const TOO_MANY_CONNECTIONS = '53300';

/**
 * Takes every connection that PostgreSQL has for ordinary roles, those of the role of the URL first. Whoever called closes
 * `sessions`; the one of the administrator is among them, since its end would leave a place to somebody.
 */
export async function fillConnections(
  url: string,
  superuserUrl: string,
  sessions: Connection[],
): Promise<void> {
  const administrator = await connect({ url: superuserUrl, applicationName: CROWD });
  sessions.push(administrator);
  const role = decodeURIComponent(new URL(url).username);
  await eventually(async () => {
    await administrator.query(sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where usename = ${role} and application_name <> ${CROWD}
    `);
    while (await openOne(url, sessions));
    const { others } = await administrator.one(sql<{ others: number }>`
      select count(*)::int as others from pg_stat_activity where usename = ${role} and application_name <> ${CROWD}
    `);
    return others === 0;
  });
}

/** @returns false when there is none left */
async function openOne(url: string, sessions: Connection[]): Promise<boolean> {
  try {
    sessions.push(await connect({ url, applicationName: CROWD }));
    return true;
  } catch (error) {
    if (sqlState(error) !== TOO_MANY_CONNECTIONS) throw error;
    return false;
  }
}
