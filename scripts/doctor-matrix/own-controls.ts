import { setTimeout as delay } from 'node:timers/promises';
import { createRandom, type Random } from '@holdfast/core';
import { injections, type Stack } from '@holdfast/testing';
import { growOwn, postTo } from './own-data.ts';
import type { HealthyControl } from './system.ts';

const PAUSE_MS = 20;
const LARGE = 50_000;
const BOT_PATHS = ['/wp-login.php', '/.env', '/admin.php', '/api/v1/nothing', '/.git/config', '/xmlrpc.php'];

/** States in which a Holdfast is sound. */
export function ownControls(stack: Stack, seed: number): HealthyControl[] {
  const random = createRandom(seed);
  return [
    { name: 'idle' },
    { name: '404s of bots', during: signal => askForNothing(stack.server.url, random, signal) },
    {
      name: '401s of somebody who guesses passwords',
      during: signal => guessPasswords(stack, random, signal),
    },
    {
      name: 'an outage of the database that is over',
      prepare: async () => {
        await injections.databaseStopped.inject(stack);
        await injections.databaseStopped.heal(stack);
      },
    },
    {
      name: 'a clean deployment',
      prepare: async () => {
        await stack.server.stop();
        await stack.server.start();
      },
    },
    { name: 'a large database', prepare: () => growOwn(stack, LARGE) },
  ];
}

/** Asks for what nobody has, until the signal. */
export async function askForNothing(url: string, random: Random, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const response = await fetch(url + random.pick(BOT_PATHS)).catch(() => undefined);
    await response?.body?.cancel();
    await delay(PAUSE_MS);
  }
}

async function guessPasswords(stack: Stack, random: Random, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const email = random.chance(0.5) ? 'person-0@example.com' : `nobody-${random.below(100)}@example.com`;
    await postTo(stack, 'login', { email, password: `guess number ${random.below(1e9)}` }).catch(
      () => undefined,
    );
    await delay(PAUSE_MS);
  }
}
