import type { GeneratedLog, LoggedMessage, LoggedRequest } from './generated-log.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

/** As nginx writes it: `combined` with `$request_time` behind it. */
export function renderNginxLog({ requests }: GeneratedLog): string {
  return lines(requests.map(accessLine));
}

/** As a Node.js server writes it with pino. */
export function renderJsonLog({ requests, messages, deployments }: GeneratedLog): string {
  const starts = deployments.map(({ time }) => ({
    time,
    text: 'listening',
    level: 'info',
    version: '1.5.0',
  }));
  const own = [...messages.filter(({ from }) => from === 'server'), ...starts].map(
    ({ time, text, level, version }) => ({ time, line: { level, time: iso(time), version, msg: text } }),
  );
  const answered = requests.map(item => ({ time: item.time, line: requestLine(item) }));
  return lines([...own, ...answered].sort((a, b) => a.time - b.time).map(({ line }) => JSON.stringify(line)));
}

/** As PostgreSQL writes it on stderr. */
export function renderPostgresLog({ messages }: GeneratedLog): string {
  return lines(messages.filter(({ from }) => from === 'postgres').map(postgresLine));
}

const lines = (all: readonly string[]): string => all.map(line => `${line}\n`).join('');
const iso = (time: number): string => new Date(time).toISOString();

function accessLine({ time, client, method, path, status, agent, durationMs }: LoggedRequest): string {
  const at = new Date(time);
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  const clock = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  const bytes = status >= 400 ? 180 : 1_240;
  return `${client} - - [${day}:${clock} +0000] "${method} ${path} HTTP/1.1" ${status} ${bytes} "-" "${agent}" ${(durationMs / 1_000).toFixed(3)}`;
}

function requestLine(item: LoggedRequest): object {
  const { time, client, method, path, route, status, user, agent, durationMs, code } = item;
  const level = status >= 500 ? 'error' : 'info';
  const shown = {
    method,
    route,
    path: route === null ? path : undefined,
    status,
    userId: user,
    ip: client,
    code,
  };
  return {
    level,
    time: iso(time),
    msg: 'request',
    ...shown,
    userAgent: agent,
    durationMs: Math.round(durationMs * 100) / 100,
  };
}

function postgresLine({ time, text, level }: LoggedMessage): string {
  const word = level === 'fatal' ? 'FATAL' : level === 'error' ? 'ERROR' : 'LOG';
  return `${iso(time).replace('T', ' ').replace('Z', '')} UTC [4711] ${word}:  ${text}`;
}
