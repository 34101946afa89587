import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { analyzeLogs, fileSource, type LogAnalysis } from '@holdfast/doctor/logs';
import { generateLog, renderNginxLog } from '@holdfast/testing';

/** What awk says of a file, line by line `key count`. */
function awk(program: string, file: string): Record<string, number> {
  const output = execFileSync('awk', [program, file], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const pairs = output
    .trim()
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.split(/ (?=\d+$)/) as [string, string]);
  return Object.fromEntries(pairs.map(([key, count]) => [key, Number(count)]));
}

const BY_STATUS = '{ count[$9] += 1 } END { for (key in count) print key, count[key] }';
const BY_CLIENT = '{ count[$1] += 1 } END { for (key in count) print key, count[key] }';
const FAILED_BY_CLIENT = '$9 >= 400 { count[$1] += 1 } END { for (key in count) print key, count[key] }';

/** The access log of a real site, beside the checkout. */
const PUBLIC_LOG = join(import.meta.dirname, '../../../../shared/data/apache_access.log');
const ABSENT = existsSync(PUBLIC_LOG) ? false : '../shared/data/apache_access.log is not beside the checkout';

async function assertSameAsAwk(file: string, count: number): Promise<LogAnalysis> {
  const analysis = await analyzeLogs([await fileSource(file)], { since: 0 });
  assert.equal(analysis.totals.lines, count);
  assert.equal(analysis.totals.requests, count);
  assert.equal(analysis.totals.unreadable, 0);
  assert.deepEqual(analysis.statuses, awk(BY_STATUS, file));
  const clients = awk(BY_CLIENT, file);
  assert.equal(analysis.totals.clients, Object.keys(clients).length);
  const failed = awk(FAILED_BY_CLIENT, file);
  for (const { client, requests, errors } of analysis.clients) {
    assert.deepEqual([client, requests, errors], [client, clients[client], failed[client] ?? 0]);
  }
  return analysis;
}

async function directory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-logs-control-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

describe('counts of logs', () => {
  it('are those of awk for a generated log', async t => {
    const file = join(await directory(t), 'access.log');
    const log = generateLog({ seed: 7, incident: 'database_outage' });
    await writeFile(file, renderNginxLog(log));
    await assertSameAsAwk(file, log.requests.length);
  });

  it('are those of awk for the log of a real site, in which nothing has happened', {
    skip: ABSENT,
  }, async () => {
    const { status, incidents, statuses, classes, totals } = await assertSameAsAwk(PUBLIC_LOG, 10_000);
    assert.deepEqual([status, incidents], ['clean', []]);
    assert.deepEqual([statuses[500], classes[500], totals.outside], [3, 3, 0]);
  });
});
