import { connect, sql } from '@holdfast/postgres';

/** What the server saw of the sessions of one application. */
export interface SeenSessions {
  /** The most at one time; workers that the server itself adds for a statement are none. */
  readonly connections: number;
  /** The modes of all their locks on relations, those of such workers included. */
  readonly lockModes: readonly string[];
  readonly looks: number;
}

const LOOK_MS = 20;

/** Looks again and again, over a connection of its own, until it is stopped. */
export async function watchSessions(
  url: string,
  applicationName: string,
): Promise<{ stop(): Promise<SeenSessions> }> {
  const db = await connect({ url });
  const modes = new Set<string>();
  let connections = 0;
  let looks = 0;
  let stopped = false;
  const look = async (): Promise<void> => {
    const seen = await db.one(sql<{ connections: number; modes: string[] }>`
      select count(distinct a.pid) filter (where a.backend_type = 'client backend') as connections,
        coalesce(json_agg(distinct l.mode) filter (where l.mode is not null), '[]') as modes
      from pg_stat_activity a left join pg_locks l on l.pid = a.pid and l.locktype = 'relation'
      where a.application_name = ${applicationName}`);
    connections = Math.max(connections, Number(seen.connections));
    for (const mode of seen.modes) modes.add(mode);
    looks += 1;
  };
  const watching = (async () => {
    while (!stopped) {
      await look();
      await new Promise(resolve => setTimeout(resolve, LOOK_MS));
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await watching;
      await db.close();
      return { connections, lockModes: [...modes].sort(), looks };
    },
  };
}
