import { execFile } from 'node:child_process';
import { mkdtemp, rmdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A file system of its own, in memory, that can be made full at any moment. */
export interface Disk {
  readonly path: string;
  /** Leaves so many bytes free and no more. */
  fill(freeBytes: number): Promise<void>;
  /** Gives it its space back. */
  free(): Promise<void>;
  remove(): Promise<void>;
}

const SIZE = 8 * 1_024 ** 3;

/** Needs root. The directory must be there. */
export async function mountDisk(path: string): Promise<Disk> {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=755`, 'kill-matrix', path]);
  const resize = async (bytes: number): Promise<void> => {
    await run('mount', ['-o', `remount,size=${Math.floor(bytes)}`, path]);
  };
  return {
    path,
    fill: async freeBytes => {
      // what is written between looking and resizing makes the size too small, which the kernel refuses
      for (let attempt = 1; ; attempt += 1) {
        const { blocks, bfree, bsize } = await statfs(path);
        const used = (blocks - bfree) * bsize;
        const done = await resize(used + freeBytes * attempt).then(
          () => true,
          error => {
            if (attempt === 20) throw error;
            return false;
          },
        );
        if (done) return;
      }
    },
    free: () => resize(SIZE),
    remove: async () => {
      await run('umount', ['-l', path]);
    },
  };
}

/** Whether this process may make file systems of its own. */
export async function canMountDisks(): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-mount-'));
  try {
    await (await mountDisk(directory)).remove();
    return true;
  } catch {
    return false;
  } finally {
    await rmdir(directory);
  }
}
