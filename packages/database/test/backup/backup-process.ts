import { systemClock } from '@holdfast/core';
import {
  type BackupEngineName,
  createEngine,
  directoryDestination,
  takeBackup,
} from '@holdfast/database/backup';
import { backupRequest } from '@holdfast/testing';
import { repositoryAt } from '../backup-fixtures.ts';

/** A process that makes one backup, to be killed by its parent: ENGINE URL DIRECTORY WORK. */
const [engine = '', url = '', directory = '', workDirectory = ''] = process.argv.slice(2);
await takeBackup({
  engine: createEngine(engine as BackupEngineName, {
    programs: { binDir: undefined, path: [] },
    workDirectory,
  }),
  repositories: [repositoryAt(directoryDestination(directory))],
  request: backupRequest(url),
  clock: systemClock,
});
