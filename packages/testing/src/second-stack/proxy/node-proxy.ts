import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { ERROR_PAGE, type ProxySettings, REPLACED } from './proxy-settings.ts';

/** The program of the reverse proxy where there is no nginx: node-proxy.ts PORT SETTINGS-FILE. */
const [, , port = '0', file = ''] = process.argv;
const settings = JSON.parse(readFileSync(file, 'utf8')) as ProxySettings;
process.once('SIGTERM', () => process.exit(0));
createServer(forward).listen(Number(port), '127.0.0.1');

function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const [path = '/', query] = (incoming.url ?? '/').split('?', 2);
  if (settings.slashRedirects.includes(path)) {
    outgoing.writeHead(301, { location: `${path}/` }).end();
    return;
  }
  const real = settings.slashRedirects.some(item => path === `${item}/`) ? path.slice(0, -1) : path;
  const upstream = request(
    {
      host: '127.0.0.1',
      port: settings.upstreamPort,
      method: incoming.method,
      path: query === undefined ? real : `${real}?${query}`,
      headers: incoming.headers,
    },
    answer => passOn(answer, outgoing),
  );
  let status = 502;
  upstream.setTimeout(settings.timeoutMs, () => {
    status = 504;
    upstream.destroy(new Error('the shop took too long'));
  });
  upstream.on('error', () => {
    if (!outgoing.headersSent) outgoing.writeHead(status, { 'content-type': 'text/html' });
    outgoing.end(ERROR_PAGE);
  });
  incoming.pipe(upstream);
}

function passOn(answer: IncomingMessage, outgoing: ServerResponse): void {
  const status = answer.statusCode ?? 502;
  if (settings.errorPages && REPLACED.includes(status)) {
    answer.resume();
    outgoing.writeHead(status, { 'content-type': 'text/html' }).end(ERROR_PAGE);
    return;
  }
  outgoing.writeHead(status, answer.headers);
  answer.pipe(outgoing);
}
