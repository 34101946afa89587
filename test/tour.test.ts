/**
 * The tour of the README, run as it stands.
 *
 * Convention for README.md: every block fenced with ```sh under the heading "Tour" is run, in order, in one bash session in
 * the root of the checkout, against a system that was just started: `http://127.0.0.1:7400` stands for its URL, and
 * HOLDFAST_HOME names its state directory. Every block has to end with exit status 0. `<!-- expect: 201 -->` before a block is the HTTP status that its curl call has to get, with several calls one
 * status for each: `<!-- expect: 200 204 -->`. `<!-- not run: why -->` leaves a block out.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type StartedHoldfast, startHoldfast } from './start-holdfast.ts';
import { readTour, type TourBlock, tourScript } from './tour-blocks.ts';

const ROOT = join(import.meta.dirname, '..');
const DOCUMENTED_URL = 'http://127.0.0.1:7400';

describe('reading the tour', () => {
  const markdown = [
    '```sh\nbefore\n```',
    '## Tour',
    '<!-- expect: 201 -->\n```sh\nfirst\n  second\n```',
    'Text.\n\n<!-- expect: 200 204 -->\n\n```sh\nthird\n```',
    '```sh\n# a comment\nfourth\n```',
    '```json\n{}\n```',
    '### Inside\n<!-- not run: it would stop the system -->\n```sh\nfifth\n```',
    '## After\n```sh\nsixth\n```',
  ].join('\n');

  test('the blocks under its heading, with what they promise', () => {
    assert.deepEqual(
      readTour(markdown).map(({ commands, statuses }) => ({ commands, statuses })),
      [
        { commands: 'first\n  second', statuses: [201] },
        { commands: 'third', statuses: [200, 204] },
        { commands: '# a comment\nfourth', statuses: undefined },
      ],
    );
  });

  test('a file without a tour is an error', () => {
    assert.throws(() => readTour('# Holdfast\n'), /no heading "Tour"/);
  });
});

test('running a tour reports what really happened', async t => {
  const server = createServer((request, response) => {
    response.statusCode = Number(request.url?.slice(1));
    response.end('body');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const trace = await mkdtemp(join(tmpdir(), 'hf-tour-'));
  t.after(() => rm(trace, { recursive: true }));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const block = (commands: string) => ({ line: 1, commands, statuses: [] });
  const blocks = [
    block(`X=$(curl ${url}/201 | cat); curl -s ${url}/404; test $X = body`),
    block('false'),
    block('exit 3'),
  ];
  await runBash(tourScript([...blocks, block('true')], trace), trace);
  const outcomes = await Promise.all([0, 1, 2, 3].map(index => readOutcome(join(trace, String(index)))));
  assert.deepEqual(outcomes, [
    { statuses: [201, 404], exit: '0' },
    { statuses: [], exit: '1' },
    { statuses: [], exit: 'not reached' },
    { statuses: [], exit: 'not reached' },
  ]);
});

describe('the tour of the README', () => {
  let holdfast: StartedHoldfast;
  let trace: string;

  before(async () => {
    trace = await mkdtemp(join(tmpdir(), 'hf-tour-'));
    holdfast = await startHoldfast(join(ROOT, 'node_modules/.bin/holdfast'));
  });

  after(async () => {
    await rm(trace, { recursive: true, force: true });
    assert.equal(await holdfast.stop(), 0);
  });

  test('every command does what the README says', async () => {
    const blocks = readTour(await readFile(join(ROOT, 'README.md'), 'utf8'));
    assert.ok(
      blocks.some(block => block.statuses),
      'the tour promises at least one status',
    );
    const script = tourScript(blocks, trace).replaceAll(DOCUMENTED_URL, holdfast.ready.url);
    const output = await runBash(script, holdfast.ready.home);
    for (const [index, block] of blocks.entries()) {
      const outcome = await readOutcome(join(trace, String(index)));
      assert.deepEqual(
        outcome,
        { statuses: block.statuses ?? outcome.statuses, exit: '0' },
        describeBlock(block, output),
      );
    }
  });
});

async function runBash(script: string, home: string): Promise<string> {
  const env = { ...process.env, HOLDFAST_HOME: home };
  const child = spawn('bash', ['-s'], { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += chunk;
    });
  }
  child.stdin.end(script);
  await once(child, 'close');
  return output;
}

async function readOutcome(directory: string) {
  const names = await readdir(directory).catch(() => []);
  const calls = names.filter(name => /^\d+$/.test(name)).sort((a, b) => Number(a) - Number(b));
  const statuses = await Promise.all(
    calls.map(async name => lastStatus(await readFile(join(directory, name), 'utf8'))),
  );
  const exit = await readFile(join(directory, 'exit'), 'utf8').catch(() => 'not reached');
  return { statuses, exit: exit.trim() };
}

/** Of the last response: earlier ones are 100 Continue or redirects. */
function lastStatus(headers: string): number {
  const lines = headers.split('\n').filter(line => line.startsWith('HTTP/'));
  return Number(lines.at(-1)?.split(' ')[1]);
}

function describeBlock({ line, commands }: TourBlock, output: string): string {
  return `README.md:${line}\n${commands}\n\nThe output of the whole tour:\n${output}`;
}
