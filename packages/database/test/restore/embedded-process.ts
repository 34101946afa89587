import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@holdfast/core';
import { lockHome, placeRestore, startCluster, stopCluster } from '@holdfast/postgres/cluster';
import type { BackupManifest } from '../../src/backup/manifest.ts';
import { prepareRestore } from '../../src/restore/embedded/prepare-restore.ts';
import { switchRestore } from '../../src/restore/embedded/switch-restore.ts';
import { simpleBackup } from './cold-backup.ts';

/** Restores a backup into a state directory and says each step on a line of stdout; killed by its test. */
const [home = '', directory = ''] = process.argv.slice(2);
const sharedDir = join(home, 'shared');
const signal = new AbortController().signal;
let last = '';
const say = (step: string): void => {
  if (step !== last) writeSync(1, `${step}\n`);
  last = step;
};

const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as BackupManifest;
const cluster = await placeRestore({ home, systemUser: undefined, sharedDir });
const { takeover } = await prepareRestore({
  ...simpleBackup(directory, manifest),
  archive: undefined,
  target: { kind: 'backup' },
  home,
  cluster,
  sharedDir,
  programs: { binDir: undefined, path: [] },
  jobs: 1,
  acceptProblems: false,
  signal,
  onProgress: ({ step }) => say(step),
});
say('prepared');
const lock = await lockHome(home);
await stopCluster(home);
say('stopped');
await switchRestore({
  home,
  takeover,
  cluster,
  sharedDir,
  recordEpoch: async () => say('epoch'),
  clock: systemClock,
  signal,
  onProgress: say,
});
say('switched');
const started = await startCluster({ home, sharedDir, lock });
say('started');
await started.stop();
await lock.release();
say('end');
