import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { createRandom, parseSettings } from '@holdfast/core';
import { CODEBOOK, type Diagnosis, examine, resolveTarget } from '@holdfast/doctor';
import { type Stack, startStack } from '@holdfast/testing';
import { ownControls } from './own-controls.ts';
import { fillOwn } from './own-data.ts';
import { bindInjections } from './own-injections.ts';
import type { CommandAccess, HiddenView, MatrixSystem } from './system.ts';

/** A Holdfast with the data of a seed. */
export async function openOwnSystem(seed: number): Promise<MatrixSystem> {
  const stack = await startStack();
  try {
    await fillOwn(stack, createRandom(seed));
    await stack.saveDatabase();
    const { bound, uncovered } = await bindInjections(stack, seed);
    return {
      stack: 'own',
      codebook: CODEBOOK,
      injections: bound,
      uncovered,
      controls: ownControls(stack, seed),
      hiddenViews: hiddenViews(stack),
      access: accessTo(stack),
      examine: () => diagnose(stack),
      close: () => close(stack),
    };
  } catch (error) {
    await close(stack);
    throw error;
  }
}

function accessTo(stack: Stack): CommandAccess {
  const { home } = stack;
  const backups = join(home, 'backups');
  const databaseUrl = (): string => inDatabase(stack.cluster.superuserUrl, stack.cluster.ownerUrl);
  // PostgreSQL started by root is another user, who has to get there
  const places = { HOLDFAST_BACKUPS: backups, HOLDFAST_POSTGRES_DIR: join(home, 'shared') };
  return {
    args: ['--home', home],
    fixArgs: [],
    get backupArgs() {
      return ['--home', home, '--engine', 'physical', '--database-url', databaseUrl()];
    },
    variables: async () => ({
      ...definedOf(parseEnv(await readFile(join(home, 'stack.env'), 'utf8'))),
      ...places,
    }),
    backupVariables: places,
    stateDirectory: home,
    backups,
    databaseUrl,
    pids: () => [...stack.server.pids, stack.cluster.pid],
    homes: [home],
  };
}

function definedOf(variables: NodeJS.Dict<string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function inDatabase(url: string, other: string): string {
  const changed = new URL(url);
  changed.pathname = new URL(other).pathname;
  return changed.href;
}

async function diagnose(stack: Stack): Promise<Diagnosis> {
  return examine(await resolveTarget({ home: stack.home, settings: await stack.settings() }));
}

function hiddenViews(stack: Stack): HiddenView[] {
  return [
    { name: 'from a machine that has the URLs alone', examine: () => diagnoseFromOutside(stack) },
    { name: 'without the log of the server', examine: () => diagnoseWithoutLog(stack) },
  ];
}

async function diagnoseFromOutside(stack: Stack): Promise<Diagnosis> {
  const { databaseUrl } = (await stack.settings()).settings;
  const settings = parseSettings([{ origin: 'matrix', values: { DATABASE_URL: databaseUrl } }]);
  return examine(await resolveTarget({ home: '/nowhere', settings, apiUrl: stack.server.url }));
}

async function diagnoseWithoutLog(stack: Stack): Promise<Diagnosis> {
  const log = join(stack.home, 'logs', 'server.log');
  await rename(log, `${log}.hidden`);
  try {
    return await diagnose(stack);
  } finally {
    await rename(`${log}.hidden`, log);
  }
}

/** Also when a fault has left something suspended. */
async function close(stack: Stack): Promise<void> {
  for (const pid of [stack.server.pid, stack.cluster.pid]) {
    try {
      if (pid !== undefined) process.kill(pid, 'SIGCONT');
    } catch {
      // it has ended before
    }
  }
  await stack.close();
}
