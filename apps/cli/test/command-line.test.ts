import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runCommandLine } from '../src/command-line.ts';
import { commandNames, loadCommand } from '../src/commands/index.ts';
import type { ExitCode } from '../src/exit-codes.ts';
import { commandHelp } from '../src/help-text.ts';

const cwd = mkdtempSync(join(tmpdir(), 'holdfast-command-line-'));
after(() => rmSync(cwd, { recursive: true }));

interface Outcome {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  args: readonly string[],
  variables: Record<string, string> = {},
  isTTY = false,
): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written): NodeJS.WritableStream & { isTTY: boolean } =>
    ({
      isTTY,
      write: (text: string) => {
        written[name] += text;
        return true;
      },
    }) as unknown as NodeJS.WritableStream & { isTTY: boolean };
  const code = await runCommandLine({
    args,
    environment: { variables, cwd },
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
  });
  return { code, ...written };
}

test('wrong usage ends with 2 and says what was meant', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['strat'], /There is no command "strat"\. Did you mean start\?/],
    [['start', '--prot', '1'], /unknown option --prot; did you mean --port\?/],
    [['config', '--port'], /option --port needs a value: --port PORT/],
    [['config', '--home', '--json'], /option --home needs a value/],
    [['config', '--json=yes'], /option --json takes no value/],
    [['config', 'extra'], /unexpected argument "extra"/],
    [['rollback'], /needs --to VERSION/],
    [['migrate', '--accept-data-loss'], /--accept-data-loss does not go with migrate up/],
    [['migrate', 'satus'], /holdfast migrate takes up, down, .*Did you mean status\?/],
    [['migrate', 'status', 'x', '--yes'], /--yes does not go with migrate status\nunexpected argument "x"/],
    [['migrate', 'new'], /needs a NAME/],
    [['migrate', 'repair', '--accept', '1', '--forget', '2'], /one repair at a time/],
    [['migrate', 'repair', '--resume', '3', '--yes'], /VERSION:STATEMENT, such as 0003:2; not "3"/],
    [['migrate', 'status', '--schema', 'a,,b'], /--schema has an empty name/],
    [['keys', 'dance'], /holdfast keys takes list, path, create, prepare, rotate, revoke/],
    [['keys', 'revoke'], /revoke needs a KID/],
    [['help', 'docter'], /Did you mean doctor\?/],
    [[], /No command was given/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(stdout, '', args.join(' '));
    assert.match(stderr, message);
  }
});

test('all usage errors are reported together', async () => {
  const { stderr } = await run(['config', '--nonsense', '--port', '--verbsoe']);
  assert.match(stderr, /--nonsense/);
  assert.match(stderr, /--port needs a value/);
});

test('with --json an error is JSON on stdout and nothing on stderr', async () => {
  const { code, stdout, stderr } = await run(['--json', 'config', '--port', 'x']);
  assert.equal(code, 2);
  assert.equal(stderr, '');
  const { error } = JSON.parse(stdout) as {
    error: { code: string; message: string; details: { problems: object[] } };
  };
  assert.equal(error.code, 'configuration_invalid');
  assert.equal(error.details.problems.length, 1);
});

test('global options may stand before and after the command', async () => {
  const before = await run(['--home', 'help', '--json', 'config']);
  const after = await run(['config', '--json', '--home', 'help']);
  assert.equal(before.code, 0);
  assert.equal(before.stdout, after.stdout);
  assert.equal((JSON.parse(before.stdout) as { home: string }).home, join(cwd, 'help'));
});

test('options of a command may stand before it, with their values', async () => {
  const listed = await run(['--migrations', 'nowhere', 'migrate', 'lint']);
  assert.deepEqual(listed, await run(['migrate', 'lint', '--migrations', 'nowhere']));
  assert.match(listed.stderr, /nowhere/);
  const named = await run(['--migrations', 'seed', 'migrate', 'lint']);
  assert.deepEqual(named, await run(['migrate', 'lint', '--migrations', 'seed']));
  for (const [args, message] of [
    [
      ['--migratoins', 'nowhere', 'migrate', 'lint'],
      /unknown option --migratoins; did you mean --migrations/,
    ],
    [['nowhere', 'migrate', 'lint'], /There is no command "nowhere"/],
    [['nowhere', '--migratoins', 'migrate', 'lint'], /There is no command "nowhere"/],
  ] as const) {
    const { code, stderr } = await run(args);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});

test('config shows origins, masks secrets, and warns of variables that have no effect', async () => {
  const variables = { DATABASE_URL: 'postgresql://app:hunter2@db/x', HOLDFAST_PROT: '1' };
  const { code, stdout, stderr } = await run(['config', '--port', '8080'], variables);
  assert.equal(code, 0);
  assert.match(stdout, /^HOLDFAST_PORT=8080 {2}\(command line\)$/m);
  assert.match(stdout, /^DATABASE_URL=postgresql:\/\/app:\*\*\*@db\/x {2}\(environment\)$/m);
  assert.match(stdout, /^HOLDFAST_ACCESS_TOKEN_TTL=15m {2}\(default\)$/m);
  assert.match(stderr, /HOLDFAST_PROT .* did you mean HOLDFAST_PORT\?/);
});

test('every command has a help with examples and exit status', async () => {
  for (const name of commandNames()) {
    const command = await loadCommand(name);
    assert.ok(command !== undefined, name);
    const { code, stdout } = await run([name, '--help']);
    assert.equal(code, 0, name);
    assert.equal(stdout, `${commandHelp(name, command)}\n`);
    assert.match(stdout, new RegExp(`^Usage: holdfast ${name}`));
    assert.match(stdout, /^Examples:\n {2}\S/m);
    assert.match(stdout, /\nEXIT STATUS\n( {2}(?:[0-3]|130) {2}.+\n?)+$/);
  }
});

test('the general help names every command', async () => {
  const { stdout } = await run(['help']);
  for (const name of commandNames()) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
});

test('colour only on terminals, and never against NO_COLOR or --no-color', async () => {
  const colored = (text: string): boolean => text.includes('\u001B[');
  const missing = ['health', '--home', 'nothing', '--api-url', 'http://127.0.0.1:1'];
  assert.equal(colored((await run(missing, {}, true)).stdout), true);
  assert.equal(colored((await run(missing)).stdout), false);
  assert.equal(colored((await run(missing, { NO_COLOR: '1' }, true)).stdout), false);
  assert.equal(colored((await run([...missing, '--no-color'], {}, true)).stdout), false);
});

test('commands on a state directory that does not exist say so and create nothing', async () => {
  const home = ['--home', 'absent'];
  assert.equal((await run(['health', ...home])).code, 3);
  assert.equal((await run(['doctor', ...home])).code, 3);
  assert.equal((await run(['status', ...home])).code, 1);
  const stopped = await run(['stop', ...home, '--json']);
  assert.deepEqual(
    [stopped.code, JSON.parse(stopped.stdout)],
    [0, { home: join(cwd, 'absent'), stopped: [] }],
  );
  const migrated = await run(['migrate', ...home, '--json']);
  assert.equal(migrated.code, 1);
  assert.equal((JSON.parse(migrated.stdout) as { error: { code: string } }).error.code, 'not_running');
  const keys = await run(['keys', 'list', ...home]);
  assert.equal(keys.code, 2);
  assert.equal(existsSync(join(cwd, 'absent')), false);
});

test('an unreachable database cannot be examined: 3', async () => {
  const { code, stderr } = await run(['migrate', '--database-url', 'postgresql://a:secret1@127.0.0.1:1/x']);
  assert.equal(code, 3);
  assert.doesNotMatch(stderr, /secret1/);
});

test('seeds are listed without a database', async () => {
  const { code, stdout } = await run(['seed', '--list', '--json']);
  assert.equal(code, 0);
  const { seeds } = JSON.parse(stdout) as { seeds: { name: string; environments: string[] }[] };
  const names = seeds.map(({ name }) => name);
  assert.ok(names.includes('built-in') && names.includes('development'), names.join());
});

test('the life of a keyring: create, prepare, rotate, revoke', async () => {
  const home = ['--home', 'keys', '--json'];
  const result = async (
    args: readonly string[],
  ): Promise<{ keys: { kid: string; use: string; status: string }[] }> => {
    const { code, stdout, stderr } = await run(['keys', ...args, ...home]);
    assert.equal(code, 0, stdout + stderr);
    return JSON.parse(stdout) as never;
  };
  await result(['create']);
  assert.equal((await run(['keys', 'create', ...home])).code, 1);
  assert.equal((await run(['keys', 'rotate', ...home])).code, 1);
  const signing = async (args: readonly string[]): Promise<string[]> =>
    (await result(args)).keys
      .filter(({ use }) => use === 'sign')
      .map(({ status }) => status)
      .sort();
  assert.deepEqual(await signing(['prepare']), ['current', 'next']);
  assert.equal((await run(['keys', 'rotate', ...home])).code, 1, 'published too recently');
  assert.deepEqual(await signing(['rotate', '--force']), ['current', 'next', 'retiring']);
  const { keys } = await result(['list']);
  const retiring = keys.find(({ status }) => status === 'retiring')?.kid ?? '';
  assert.deepEqual(await signing(['revoke', retiring, '--yes']), ['current', 'next']);
  assert.doesNotMatch((await run(['keys', 'list', ...home])).stdout, /secret|privateJwk/);
});
