import {
  type BackupRepository,
  type BrokenBackup,
  createEngine,
  type StoredBackup,
} from '@holdfast/database/backup';
import type { MatrixStage } from './stage.ts';
import type { Struck } from './victims.ts';

/** The backups of one kind, and what is known of them. */
export interface KnownBackups {
  readonly name: string;
  readonly repository: BackupRepository;
  /** Ids of those that were read. */
  readonly known: Set<string>;
  /** What killed ones left, until it is removed. */
  readonly rests: Set<string>;
}

/** What is listed now, and whether it is whole. */
export async function examineBackups(
  stage: MatrixStage,
  known: KnownBackups,
  { end, tooLate }: Pick<Struck, 'end' | 'tooLate'>,
): Promise<string> {
  const { name, repository } = known;
  const { backups, broken } = await repository.list();
  const left = broken.filter(({ id }) => !known.rests.has(id));
  judgeRests(stage, known, left, end.code !== null);
  const fresh = backups.filter(({ manifest }) => !known.known.has(manifest.id));
  for (const backup of fresh) await readAgain(stage, known, backup);
  if (end.code === 0 && fresh.length === 0)
    stage.tally.violate(`${name} said that all is well and is not listed`);
  if (tooLate) return 'had ended already, whole';
  if (fresh.length > 0) return end.code === 0 ? 'whole and listed' : 'whole and listed, though killed';
  return left.length > 0 ? 'none listed, its rest is marked as one' : 'none listed, nothing left';
}

/** A command that ended by itself leaves nothing; a killed one leaves what the next prune knows to remove. */
function judgeRests(
  { tally }: MatrixStage,
  { name, rests }: KnownBackups,
  left: readonly BrokenBackup[],
  endedItself: boolean,
): void {
  for (const { id, leftover, inWork, problem } of left) {
    rests.add(id);
    if (!leftover && !inWork) tally.violate(`${name} ${id} is neither a backup nor a leftover: ${problem}`);
    if (endedItself) tally.violate(`${name} ${id} was left by a command that was not killed`);
  }
}

async function readAgain(
  { tally, system }: MatrixStage,
  { name, repository, known }: KnownBackups,
  backup: StoredBackup,
): Promise<void> {
  const { id, engine } = backup.manifest;
  known.add(id);
  const maker = createEngine(engine, {
    programs: { binDir: undefined, path: [] },
    workDirectory: system.variables.TMPDIR ?? '',
  });
  const problems = await maker.decode(repository, backup);
  tally.checked('new backups read as a restore would');
  for (const { subject, message } of problems) tally.violate(`listed ${name} ${id}: ${subject}: ${message}`);
}
