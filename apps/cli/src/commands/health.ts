import { homePaths, readKeeperRun } from '@holdfast/keeper';
import { defineCommand } from '../command.ts';
import { findApiUrl, findDatabaseUrl, type Look, lookAtDatabase, lookAtUrl } from '../look.ts';

/** `holdfast health`: does it answer? */
export const health = defineCommand({
  usage: '',
  description:
    'Takes a quick look from outside: whether the API server lives and is ready, whether the database answers, and whether the keeper does. For the cause of trouble there is holdfast doctor.',
  options: {
    'api-url': { type: 'string', value: 'URL', description: 'the API to look at (also HOLDFAST_API_URL)' },
  },
  examples: [
    ['holdfast health', 'one line for each'],
    ['holdfast health --json', 'the same for monitoring'],
  ],
  exitStatus: [
    [0, 'everything that was looked at answers'],
    [1, 'something does not answer'],
    [2, 'a setting or an option is wrong'],
    [3, 'there was nothing to look at'],
  ],
  run: async ({ configuration, terminal }) => {
    const effective = configuration();
    const looks = await takeLooks(effective);
    const entries = Object.entries(looks);
    const ok = entries.length > 0 && entries.every(([, look]) => look.ok);
    terminal.result({ ok, ...looks }, () =>
      entries.length === 0
        ? `There is nothing to look at: nothing was ever started on ${effective.home}, and no URL is configured.`
        : entries.map(([name, look]) => lookLine(name, look, terminal.style)).join('\n'),
    );
    if (entries.length === 0) return 3;
    return ok ? 0 : 1;
  },
});

async function takeLooks(configuration: Parameters<typeof findApiUrl>[0]): Promise<Record<string, Look>> {
  const api = findApiUrl(configuration);
  const database = await findDatabaseUrl(configuration);
  const keeper = readKeeperRun(homePaths(configuration.home))?.url;
  const looks = [
    ...(api === undefined ? [] : [['api', lookAtUrl(`${api}/health`)] as const]),
    ...(api === undefined ? [] : [['ready', lookAtUrl(`${api}/ready`)] as const]),
    ...(database === undefined ? [] : [['database', lookAtDatabase(database)] as const]),
    ...(keeper === undefined ? [] : [['keeper', lookAtUrl(`${keeper}/ops/v1/status`)] as const]),
  ];
  return Object.fromEntries(
    await Promise.all(looks.map(async ([name, look]) => [name, await look] as const)),
  );
}

function lookLine(
  name: string,
  { ok, ms, reason }: Look,
  style: (format: 'green' | 'red', text: string) => string,
): string {
  return ok
    ? `${style('green', '✓')} ${name.padEnd(10)} ${ms} ms`
    : `${style('red', '✗')} ${name.padEnd(10)} ${reason}`;
}
