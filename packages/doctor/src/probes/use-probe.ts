import type { Connection } from '@holdfast/postgres';
import { lookAtOperations, type OperationsLook, type WrongAnswer } from './operations-probe.ts';
import { allBlind, type Looks, type ProbeTools, type RunProbe, sawIn } from './probe.ts';
import { withProbeAccount } from './probe-account.ts';
import { lookAtSignIn, SIGN_IN_IDS } from './sign-in-probe.ts';
import { lookAtSocket } from './socket-probe.ts';

const USE_MS = 6_000;
const AS_USER_IDS = [...SIGN_IN_IDS, 'realtime.socket'] as const;
const IDS = [...AS_USER_IDS, 'api.operations'] as const;

/**
 * The API as its callers meet it: as a stranger, and as a signed-in user when a session in the database lets us make an
 * account. What must have ended before that session is closed is added to `running`.
 */
export async function lookAtUse(
  session: Connection | undefined,
  first: Looks,
  run: RunProbe,
  running: Promise<unknown>[],
): Promise<Looks> {
  const health = sawIn(first, 'api.health');
  if (health?.status !== 200) return allBlind(IDS, 'the API does not answer', 'api.health');
  const withoutDatabase = sawIn(first, 'api.ready')?.failing.some(({ name }) => name === 'database');
  if (withoutDatabase === true) return allBlind(IDS, 'the API has no database', 'api.ready');
  return run('use', IDS, USE_MS, async tools => {
    const stranger = await lookAtOperations(health.url, undefined, tools);
    const asStranger: Looks = { 'api.operations': { saw: stranger } };
    if (session === undefined) {
      const why = 'there is no session in the database to create a probe account';
      return { ...asStranger, ...allBlind(AS_USER_IDS, why, 'database.app') };
    }
    const used = useAsUser(session, health.url, stranger, tools);
    running.push(used);
    return { ...asStranger, ...(await used.catch(error => allBlind(AS_USER_IDS, error))) };
  });
}

async function useAsUser(
  session: Connection,
  url: string,
  stranger: OperationsLook,
  tools: ProbeTools,
): Promise<Looks> {
  const { result, leftBehind } = await withProbeAccount(session, credentials =>
    lookAtSignIn(url, credentials, tools, async token => {
      const [user, socket] = await Promise.all([
        lookAtOperations(url, token, tools),
        lookAtSocket(url, token, tools),
      ]);
      const saw = { asked: stranger.asked + user.asked, wrong: distinct([...stranger.wrong, ...user.wrong]) };
      return { 'api.operations': { saw }, 'realtime.socket': { saw: socket } };
    }),
  );
  const saw = leftBehind === undefined ? { removed: true } : { removed: false, problem: leftBehind };
  return { ...result, 'auth.clean_up': { saw } };
}

/** One complaint about each operation. */
function distinct(items: readonly WrongAnswer[]): WrongAnswer[] {
  return [...new Map(items.map(item => [item.operation, item])).values()];
}
