import { SOCKET_PATH, SOCKET_PROTOCOL, SOCKET_TOKEN_PREFIX } from '@holdfast/contract';
import type { StepSighting } from '../sightings.ts';
import { milliseconds, type ProbeTools } from './probe.ts';

const SOCKET_MS = 1_500;

/** Opens a WebSocket with an access token, waits until the server says that it is ready, and closes it. Never rejects. */
export async function lookAtSocket(
  url: string,
  token: string,
  { clock, signal }: ProbeTools,
): Promise<StepSighting> {
  const begin = clock.monotonic();
  const address = `${url.replace(/^http/, 'ws')}${SOCKET_PATH}`;
  const socket = new WebSocket(address, [SOCKET_PROTOCOL, `${SOCKET_TOKEN_PREFIX}${token}`]);
  const over = AbortSignal.any([signal, AbortSignal.timeout(SOCKET_MS)]);
  const problem = await outcomeOf(socket, over);
  socket.close();
  const took = milliseconds(begin, clock.monotonic());
  return problem === undefined
    ? { ok: true, milliseconds: took }
    : { ok: false, milliseconds: took, problem };
}

/** What kept it from getting ready. */
function outcomeOf(socket: WebSocket, over: AbortSignal): Promise<string | undefined> {
  return new Promise(resolve => {
    let opened = false;
    socket.addEventListener('open', () => {
      opened = true;
    });
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string' && data.includes('"ready"')) resolve(undefined);
    });
    socket.addEventListener('close', ({ code }) =>
      resolve(opened ? `was closed with ${code}` : 'was not upgraded to a WebSocket'),
    );
    // a close event follows
    socket.addEventListener('error', () => undefined);
    over.addEventListener('abort', () => resolve('did not get ready in time'), { once: true });
  });
}
