import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';

const run = promisify(execFile);
const MEBIBYTE = 1_048_576;
const ROOM_MIB = 128;
/** Too little for PostgreSQL to go on for long, and enough to be examined. */
const LEFT_MIB = 16;
const FILLER = 'filler';

/** Whether this process may mount a disk of its own, as root can where nothing keeps it from that. */
export async function canMountDisks(): Promise<boolean> {
  const place = await mkdtemp(join(tmpdir(), 'hf-mount-'));
  try {
    await mountDisk(place, 1);
    await run('umount', [place]);
    return true;
  } catch {
    return false;
  } finally {
    await rmdir(place);
  }
}

async function mountDisk(path: string, mebibytes: number): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=755`, 'holdfast-test', path]);
}

/** The state directory moves to a disk of its own, which something else then fills. Needs to mount. */
export const diskFull: FaultInjection = {
  name: 'the disk of the state directory filled',
  inject: async stack => {
    await whileStopped(stack, () => moveToDisk(stack.home));
    const { bavail, bsize } = await statfs(stack.home);
    const free = Math.floor((bavail * bsize) / MEBIBYTE);
    await run('dd', [
      'if=/dev/zero',
      `of=${join(stack.home, FILLER)}`,
      'bs=1M',
      `count=${free - LEFT_MIB}`,
      'status=none',
    ]);
  },
  heal: async stack => {
    // an injection beside this one may have kept the server from starting before the disk was filled
    await rm(join(stack.home, FILLER), { force: true });
    await whileStopped(stack, () => moveBack(stack.home));
  },
  expected: { code: 'disk_full', layer: 'process', subject: 'disk' },
};

async function moveToDisk(home: string): Promise<void> {
  const { stdout } = await run('du', ['-sm', home]);
  const { mode } = await stat(home);
  await rename(home, `${home}.aside`);
  await mkdir(home, { mode });
  await mountDisk(home, Number.parseInt(stdout, 10) + ROOM_MIB);
  await run('cp', ['-a', `${home}.aside/.`, home]);
}

async function moveBack(home: string): Promise<void> {
  await rm(`${home}.aside`, { recursive: true });
  await run('cp', ['-a', home, `${home}.aside`]);
  await run('umount', [home]);
  await rmdir(home);
  await rename(`${home}.aside`, home);
}

async function whileStopped(stack: Stack, work: () => Promise<void>): Promise<void> {
  await stack.server.stop();
  await stack.stopDatabase('fast');
  await work();
  await stack.startDatabase();
  await stack.server.start();
}
