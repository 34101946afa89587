import { setTimeout as delay } from 'node:timers/promises';
import { endsSession } from './ask.ts';
import { type Answer, call } from './call.ts';
import type { Client } from './client.ts';
import { describeToken } from './client-session.ts';
import type { Replica } from './replica.ts';
import type { Tally } from './tally.ts';

const AT_ONCE = 8;
const PAUSE_MS = 250;

/** Asks every client that is signed in, past the lossy way: refreshes at one replica and calls the other. */
export async function checkClients(
  clients: readonly Client[],
  [first, second]: readonly [Replica, Replica],
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const waiting = [...clients];
  const work = async (): Promise<void> => {
    for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) {
      const ways = waiting.length % 2 === 0 ? [first, second] : [second, first];
      await checkClient(client, ways, tally, signal);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function checkClient(
  client: Client,
  [refreshAt, callAt]: readonly Replica[],
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const session = client.session();
  if (session === undefined || session.ending) return;
  let last = 'no answer';
  while (!signal.aborted) {
    const outcome = await tryOnce(refreshAt?.url(), callAt?.url(), session.refreshToken, signal);
    if (outcome.works) return tally.count('signed in at the end');
    last = outcome.why;
    if (outcome.final) break;
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  tally.count('NOT signed in at the end');
  const story = `at the end ${client.email}: ${last}; ${describeToken(session.refreshToken)}`;
  tally.violate('unexpectedLogouts', story);
}

type Outcome =
  | { readonly works: true }
  | { readonly works: false; readonly why: string; readonly final: boolean };

async function tryOnce(
  refreshAt: string | undefined,
  callAt: string | undefined,
  refreshToken: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const refreshed = await call(
    { url: `${refreshAt}/api/v1/auth/refresh`, method: 'POST', body: { refreshToken } },
    signal,
  );
  if (refreshed.kind === 'lost' || refreshed.status !== 200) return failure('refresh', refreshed);
  const bearer = String(refreshed.body.accessToken);
  const me = await call({ url: `${callAt}/api/v1/users/me`, method: 'GET', bearer }, signal);
  return me.kind === 'answered' && me.status === 200 ? { works: true } : failure('users/me', me);
}

function failure(what: string, answer: Answer): Outcome {
  const why = answer.kind === 'lost' ? answer.why : `${answer.status} ${answer.code}`;
  return { works: false, why: `${what}: ${why}`, final: endsSession(answer) };
}
