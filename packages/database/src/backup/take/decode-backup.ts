import type { Clock } from '@holdfast/core';
import type { BackupEngine } from '../backup-engine.ts';
import type { BackupRepository } from '../backup-repository.ts';
import type { BackupValidation } from '../manifest.ts';

/**
 * Reads a backup as its destination has it, every byte (levels `files` and `decode` in one reading), and records the result with
 * it. Trouble that is not the backup's is thrown, and nothing is recorded.
 */
export async function validateByDecoding(
  engine: Pick<BackupEngine, 'decode'>,
  repository: BackupRepository,
  id: string,
  clock: Clock,
): Promise<BackupValidation> {
  const begun = clock.monotonic();
  const at = new Date(clock.now()).toISOString();
  const problems = await engine.decode(repository, await repository.find(id));
  const validation: BackupValidation = {
    level: 'decode',
    at,
    durationMs: Math.round(clock.monotonic() - begun),
    destination: repository.destination.name,
    result: problems.length === 0 ? 'valid' : 'damaged',
    problems,
  };
  await repository.recordValidation(id, validation);
  return validation;
}
