import { ask } from '../probes/ask.ts';
import type { ProbeTools } from '../probes/probe.ts';
import { addressOf, lookAtPort } from '../probes/tcp-port.ts';
import type { ReachSighting } from '../sightings.ts';

const PORT_MS = 1_000;
const ANSWER_MS = 2_000;

/** Asks one address for one path, first by its port alone. Never rejects. */
export async function reach(base: string, path: string, tools: ProbeTools): Promise<ReachSighting> {
  const url = new URL(path, base).href;
  const { host, port } = addressOf(base);
  const seen = await lookAtPort(host, port, PORT_MS, tools);
  if (seen.result !== 'open') return { url: base, port: seen.result, milliseconds: seen.milliseconds };
  const answer = await ask({ url, timeoutMs: ANSWER_MS }, tools);
  const head = { url: base, port: seen.result, result: answer.result, milliseconds: answer.milliseconds };
  return answer.result === 'answered'
    ? { ...head, status: answer.status }
    : { ...head, message: answer.message };
}

/** Whether the API answered as one that works: a redirect or a refusal is an answer, too. */
export function isSound({ result, status }: ReachSighting): boolean {
  return result === 'answered' && status !== undefined && status < 500;
}
