import { access } from 'node:fs/promises';
import type { FaultInjection } from './fault-injection.ts';

/** Where Debian has libfaketime, by machine. */
const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  machine => `/usr/lib/${machine}/faketime/libfaketime.so.1`,
);

/** The library that changes the clock of a process; undefined where it is not installed. */
async function findFaketime(): Promise<string | undefined> {
  for (const path of LIBRARIES) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** Whether the clock of a process can be changed on this machine. */
export async function canChangeClocks(): Promise<boolean> {
  return (await findFaketime()) !== undefined;
}

/** The clock of the API server, and of it alone, is ten minutes ahead. Needs libfaketime. */
export const apiClockAhead: FaultInjection = {
  name: 'the clock of the API server ten minutes ahead',
  inject: async ({ server }) => {
    const library = await findFaketime();
    if (library === undefined) throw new Error('libfaketime is not installed: apt-get install faketime');
    const environment = { LD_PRELOAD: library, FAKETIME: '+10m', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    await server.stop();
    await server.start({ environment });
  },
  heal: async ({ server }) => {
    await server.stop();
    await server.start();
  },
  expected: { code: 'clock_skew', layer: 'time', subject: 'clock' },
};
