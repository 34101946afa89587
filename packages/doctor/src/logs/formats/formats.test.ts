import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Entry, emptyEntry } from '../entry.ts';
import { memorySource } from '../read/log-source.ts';
import { createSourceParser } from './auto-parser.ts';
import { jsonFields } from './json-fields.ts';

const NOW = Date.UTC(2026, 4, 2);
const AGENT = '"-" "curl/8.5"';
const STAMP = '[01/May/2026:10:00:00 +0200]';

async function parse(lines: readonly string[], fields: readonly string[] = []): Promise<Partial<Entry>[]> {
  const options = { fields: jsonFields(fields), now: NOW };
  const parser = await createSourceParser(memorySource('x', lines.join('\n')), options);
  return lines.map(line => {
    const entry = emptyEntry();
    const bytes = Buffer.from(line);
    return parser.parse(bytes, 0, bytes.length, entry) ? entry : {};
  });
}

async function assertParsed(line: string, expected: Partial<Entry>, fields: readonly string[] = []) {
  const [entry] = await parse([line], fields);
  const known = Object.keys(expected).map(key => [key, entry?.[key as keyof Entry]]);
  assert.deepEqual(Object.fromEntries(known), expected);
}

describe('access logs', () => {
  it('reads common and combined lines, in their time zone', async () => {
    const time = Date.UTC(2026, 4, 1, 8);
    await assertParsed(`10.0.0.1 - ada ${STAMP} "GET /a/b?c=d HTTP/1.1" 200 12`, {
      time,
      client: '10.0.0.1',
      user: 'ada',
      method: 'GET',
      path: '/a/b',
      status: 200,
      durationMs: -1,
    });
    await assertParsed(`2001:db8::1 - - ${STAMP} "POST /x HTTP/2.0" 502 0 ${AGENT}`, {
      time,
      client: '2001:db8::1',
      status: 502,
      agent: 'curl/8.5',
      user: '',
    });
  });

  it('takes an appended number as the time of the request: seconds with a point, microseconds without', async () => {
    const line = `10.0.0.1 - - ${STAMP} "GET / HTTP/1.1" 200 12 ${AGENT}`;
    await assertParsed(`${line} 0.250`, { durationMs: 250 });
    await assertParsed(`${line} 250000`, { durationMs: 250 });
    await assertParsed(`${line} rt=1.5`, { durationMs: 1_500 });
  });

  it('bears escaped quotes, binary greetings and requests that are none', async () => {
    await assertParsed(`1.1.1.1 - - ${STAMP} "GET /a\\"b HTTP/1.1" 404 1 ${AGENT}`, {
      status: 404,
      path: '/a\\"b',
    });
    await assertParsed(`1.1.1.1 - - ${STAMP} "\\x16\\x03\\x01" 400 1 ${AGENT}`, {
      status: 400,
      method: '',
      path: '',
    });
    await assertParsed(`1.1.1.1 - - ${STAMP} "-" 408 0 "-" "-"`, { status: 408, path: '' });
  });

  it('refuses what only looks like one', async () => {
    const broken = [
      `1.1.1.1 - - ${STAMP} "GET / HTTP/1.1" abc 1`,
      `1.1.1.1 - - ${STAMP} "GET / HTTP/1.1" 999 1`,
      `1.1.1.1 - - [32/Foo/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1`,
      `1.1.1.1 - - ${STAMP} "GET / HTTP/1.1`,
      '1.1.1.1',
      '[',
    ];
    assert.deepEqual(await parse(broken), [{}, {}, {}, {}, {}, {}]);
  });
});

describe('JSON lines', () => {
  it('reads the server of Holdfast', async () => {
    const line = {
      level: 'warn',
      time: '2026-05-01T08:00:00.500Z',
      version: '1.2.0',
      method: 'POST',
      route: '/api/v1/auth/login',
      status: 503,
      durationMs: 3.5,
      userId: 'u1',
      code: 'database_unavailable',
      reason: 'no connection',
      msg: 'request',
    };
    await assertParsed(JSON.stringify(line), {
      time: Date.UTC(2026, 4, 1, 8, 0, 0, 500),
      severity: 2,
      method: 'POST',
      path: '/api/v1/auth/login',
      routed: true,
      status: 503,
      durationMs: 3.5,
      user: 'u1',
      code: 'database_unavailable',
      message: 'request: no connection',
      version: '1.2.0',
    });
  });

  it('reads pino-http, with numbers for levels and times', async () => {
    const line = {
      level: 50,
      time: 1_777_622_400_000,
      req: { method: 'GET', url: '/a/1?token=x', remoteAddress: '10.1.1.1' },
      res: { statusCode: 500 },
      responseTime: 12,
      msg: 'request errored',
      err: { message: 'boom' },
    };
    await assertParsed(JSON.stringify(line), {
      time: Date.UTC(2026, 4, 1, 8),
      severity: 3,
      method: 'GET',
      path: '/a/1',
      routed: false,
      client: '10.1.1.1',
      status: 500,
      durationMs: 12,
    });
  });

  it('reads nginx in JSON, whose request time is in seconds', async () => {
    const line = {
      time_iso8601: '2026-05-01T10:00:00+02:00',
      request: 'GET /a?b HTTP/1.1',
      status: '404',
      request_time: '0.020',
      remote_addr: '10.0.0.9',
    };
    await assertParsed(JSON.stringify(line), {
      time: Date.UTC(2026, 4, 1, 8),
      method: 'GET',
      path: '/a',
      status: 404,
      durationMs: 20,
      client: '10.0.0.9',
    });
  });

  it("reads PostgreSQL's jsonlog and times in seconds, microseconds and nanoseconds", async () => {
    const line = {
      timestamp: '2026-05-01 08:00:00.123 UTC',
      error_severity: 'FATAL',
      message: 'sorry, too many clients already',
    };
    await assertParsed(JSON.stringify(line), {
      time: Date.UTC(2026, 4, 1, 8, 0, 0, 123),
      severity: 4,
      message: line.message,
      status: 0,
    });
    for (const ts of [1_777_622_400, 1_777_622_400_000_000, 1_777_622_400_000_000_000])
      await assertParsed(JSON.stringify({ ts, msg: 'x' }), { time: Date.UTC(2026, 4, 1, 8) });
  });

  it('finds fields where it is told to', async () => {
    const line = { when: 1_777_622_400, http: { code: 418 }, 'who.id': 'u9' };
    const fields = ['time=when', 'status=http.code', 'user=who.id'];
    await assertParsed(
      JSON.stringify(line),
      { time: Date.UTC(2026, 4, 1, 8), status: 418, user: 'u9' },
      fields,
    );
    assert.throws(() => jsonFields(['nothing=x']), /"nothing=x" is no field/);
    assert.throws(() => jsonFields(['status']), /is no field/);
  });
});

describe('lines with a time', () => {
  it("reads PostgreSQL's own log with the prefix of Holdfast", async () => {
    const line = '2026-05-01 08:00:00.123 UTC [17] app@holdfast server ERROR:  relation "x" does not exist';
    await assertParsed(line, {
      time: Date.UTC(2026, 4, 1, 8, 0, 0, 123),
      severity: 3,
      message: 'relation "x" does not exist',
    });
    await assertParsed('2026-05-01 08:00:00.123 UTC [17] app@holdfast server STATEMENT:  select 1', {
      message: '',
    });
  });

  it('reads the error logs of nginx and Apache, syslog and plain lines', async () => {
    const time = Date.UTC(2026, 4, 1, 8);
    await assertParsed('2026/05/01 08:00:00 [error] 7#7: *1 connect() failed (111: Connection refused)', {
      time,
      severity: 3,
      message: '[error] 7#7: *1 connect() failed (111: Connection refused)',
    });
    await assertParsed('[Fri May 01 08:00:00.250000 2026] [core:crit] no', { time: time + 250, severity: 4 });
    await assertParsed('May  1 08:00:00 host app[3]: WARNING careful', { time, severity: 2 });
    await assertParsed('Dec 24 08:00:00 host app[3]: last year', { time: Date.UTC(2025, 11, 24, 8) });
    await assertParsed('2026-05-01T10:00:00,500+02:00 INFO fine', { time: time + 500, severity: 1 });
    await assertParsed('[2026-05-01 08:00:00] local.ERROR: no', { time, severity: 3 });
  });

  it('reads lines of other formats in between', async () => {
    const mixed = ['{"time":1777622400000,"msg":"a"}', '2026-05-01T08:00:00Z error: b', 'neither'];
    assert.deepEqual(
      (await parse(mixed)).map(({ message }) => message),
      ['a', 'error: b', undefined],
    );
  });
});
