/** `node refresh-load.ts '{"url", "tokens", "seconds"}'`: a process of its own that refreshes one token on each connection, over and over. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';

interface Task {
  readonly url: string;
  readonly tokens: readonly string[];
  readonly seconds: number;
}

const { url, tokens, seconds } = JSON.parse(process.argv[2] ?? '{}') as Task;
const agent = new Agent({ keepAlive: true, maxSockets: tokens.length });
const latencies: number[] = [];
const startedAt = performance.now();
const end = startedAt + seconds * 1_000;

await Promise.all(tokens.map(keepRefreshing));
const elapsed = (performance.now() - startedAt) / 1_000;
latencies.sort((a, b) => a - b);
const at = (part: number) => latencies[Math.min(latencies.length - 1, Math.floor(part * latencies.length))];
process.stdout.write(
  `${JSON.stringify({ perSecond: latencies.length / elapsed, p50: at(0.5), p95: at(0.95), p99: at(0.99) })}\n`,
);
agent.destroy();

async function keepRefreshing(first: string): Promise<void> {
  for (let token = first; performance.now() < end; ) {
    const sentAt = performance.now();
    token = await refresh(token);
    latencies.push(performance.now() - sentAt);
  }
}

async function refresh(refreshToken: string): Promise<string> {
  const body = JSON.stringify({ refreshToken });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const outgoing = request(url, { agent, method: 'POST', headers });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  if (incoming.statusCode !== 200) throw new Error(`refresh answered ${incoming.statusCode}: ${text}`);
  return (JSON.parse(text) as { refreshToken: string }).refreshToken;
}
