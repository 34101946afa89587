import { type MaterializeLogicalOptions, materializeLogical } from './logical/materialize-logical.ts';
import type { MaterializedBackup } from './materialized-backup.ts';
import { materializePhysical } from './physical/materialize-physical.ts';

export type MaterializeBackupOptions = MaterializeLogicalOptions;

/** Brings a backup of any engine to life beside. @throws HoldfastError `restore_failed`, `restore_refused`, `backup_damaged` */
export async function materializeBackup(options: MaterializeBackupOptions): Promise<MaterializedBackup> {
  const { engine } = options.backup.manifest;
  return engine === 'logical' ? materializeLogical(options) : materializePhysical(options);
}
