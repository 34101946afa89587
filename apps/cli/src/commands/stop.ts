import { type Settings, systemClock } from '@holdfast/core';
import {
  cleanUpServer,
  findRunningKeeper,
  findSupervisedServer,
  homePaths,
  terminate,
} from '@holdfast/keeper';
import { discardCopiedRun, lockHome, stopCluster } from '@holdfast/postgres/cluster';
import { defineCommand } from '../command.ts';
import { postgresPid } from '../look.ts';
import type { Terminal } from '../terminal.ts';

interface Stopped {
  readonly part: 'keeper' | 'server' | 'postgres';
  readonly pid: number;
  readonly how: 'stopped' | 'killed';
}

const MARGIN_MS = 30_000;

/** `holdfast stop`: ends what runs on a state directory, also what a killed keeper left behind. */
export const stop = defineCommand({
  usage: '',
  description:
    'Stops the Holdfast that runs on the state directory: the server first, then PostgreSQL, then the keeper. What a killed keeper left behind is stopped, too. Only processes that provably belong to the state directory are touched.',
  options: {},
  examples: [
    ['holdfast stop', 'stop what runs on ./.holdfast'],
    ['holdfast stop --home /var/lib/my-app --json', 'another state directory, and what was stopped as JSON'],
  ],
  exitStatus: [
    [0, 'nothing runs on the state directory any more'],
    [1, 'something could not be stopped, or another process is using the state directory'],
    [2, 'a setting or an option is wrong'],
  ],
  run: async ({ configuration, terminal }) => {
    const { home, settings } = configuration();
    await discardCopiedRun(home);
    const stopped = [
      ...(await stopKeeper(home, settings, terminal)),
      ...(await stopLeftovers(home, settings, terminal)),
    ];
    terminal.result({ home, stopped }, () =>
      stopped.length === 0
        ? `Nothing runs on ${home}.`
        : stopped.map(({ part, pid, how }) => `${part} (pid ${pid}) ${how}`).join('\n'),
    );
    return 0;
  },
});

async function stopKeeper(home: string, settings: Settings, terminal: Terminal): Promise<Stopped[]> {
  const keeper = findRunningKeeper(homePaths(home));
  if (keeper === undefined) return [];
  terminal.progress(`stopping the keeper (pid ${keeper.run.pid}) and what it supervises`);
  const how = await terminate(keeper.process, {
    clock: systemClock,
    graceMs: settings.drainTimeout + MARGIN_MS,
  });
  return [{ part: 'keeper', pid: keeper.run.pid, how: how === 'killed' ? 'killed' : 'stopped' }];
}

/** What is left when no keeper lives. The state directory is claimed meanwhile, so that no start is hit. */
async function stopLeftovers(home: string, settings: Settings, terminal: Terminal): Promise<Stopped[]> {
  if ((await postgresPid(home)) === undefined && findSupervisedServer(homePaths(home)) === undefined)
    return [];
  const lock = await lockHome(home);
  try {
    const server = await cleanUpServer(homePaths(home), {
      clock: systemClock,
      graceMs: settings.drainTimeout,
    });
    const pid = await postgresPid(home);
    if (pid !== undefined) terminal.progress(`stopping PostgreSQL (pid ${pid})`);
    const postgres = pid !== undefined && (await stopCluster(home));
    return [
      ...(server === undefined ? [] : [{ part: 'server', pid: server.pid, how: 'stopped' } as const]),
      ...(postgres ? [{ part: 'postgres', pid, how: 'stopped' } as const] : []),
    ];
  } finally {
    await lock.release();
  }
}
