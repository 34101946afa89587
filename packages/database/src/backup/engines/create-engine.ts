import type { BackupEngine } from '../backup-engine.ts';
import type { BackupEngineName } from '../manifest.ts';
import { removeAbandonedWork } from '../store/work-directory.ts';
import { decodeLogical } from './decode/decode-logical.ts';
import { decodePgbackrest } from './decode/decode-pgbackrest.ts';
import { decodePhysical } from './decode/decode-physical.ts';
import { type LogicalOptions, takeLogical } from './logical/take-logical.ts';
import { takePgbackrest } from './pgbackrest/take-pgbackrest.ts';
import { takePhysical } from './physical/take-physical.ts';

/** What makes and reads backups; bringing them back is in restore/. */
export type BackupMaker = Pick<BackupEngine, 'name' | 'take' | 'decode'>;

export type EngineOptions = LogicalOptions;

/** The engine of a name. Each removes first what killed runs of any left in the work directory. */
export function createEngine(name: BackupEngineName, options: EngineOptions): BackupMaker {
  const engine = engineOf(name, options);
  return {
    ...engine,
    take: async (request, writer) => {
      await removeAbandonedWork(options.workDirectory);
      return engine.take(request, writer);
    },
  };
}

function engineOf(name: BackupEngineName, options: EngineOptions): BackupMaker {
  if (name === 'physical') return { name, take: takePhysical, decode: decodePhysical };
  if (name === 'pgbackrest')
    return {
      name,
      take: (request, writer) => takePgbackrest(options, request, writer),
      decode: (repository, backup) => decodePgbackrest(options, repository, backup),
    };
  return {
    name,
    take: (request, writer) => takeLogical(options, request, writer),
    decode: (repository, backup) => decodeLogical(options, repository, backup),
  };
}
