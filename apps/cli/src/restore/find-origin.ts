import { type HoldfastError, isHoldfastError } from '@holdfast/core';
import {
  type BackupRepository,
  isBeforeRepair,
  openWalArchive,
  type StoredBackup,
  type WalArchive,
  type WalRange,
} from '@holdfast/database/backup';
import {
  chooseBackup,
  foundDamage,
  type HasWanted,
  problemText,
  type Reach,
  type RecoveryTarget,
  searchTransactions,
} from '@holdfast/database/restore';
import type { BackupPlaces } from '../backup/backup-places.ts';

/** What a restore begins with. */
export interface Origin {
  readonly repository: BackupRepository;
  readonly backup: StoredBackup;
  /** The WAL that continues it; undefined when its place has none of its cluster. */
  readonly archive: WalArchive | undefined;
  readonly reach: Reach;
  /** What somebody should know who lets this one be restored, a sentence each. */
  readonly warnings: readonly string[];
}

interface Candidate extends Omit<Origin, 'warnings'> {
  readonly passedOver: readonly StoredBackup[];
}

const NOT_HERE = [
  'backup_unknown',
  'backup_not_found',
  'backup_damaged',
  'backup_destination_failed',
  'restore_refused',
] as const;

/**
 * The backup of that id at the first place that has a sound copy of it; without an id the one of all places that leads furthest.
 * @param hasWanted without an id: one for which it holds comes first
 * @throws HoldfastError what the first place that has it says when none will do
 */
export async function findOrigin(
  places: BackupPlaces,
  id: string | undefined,
  target: RecoveryTarget,
  hasWanted: HasWanted = () => true,
): Promise<Origin> {
  const named = id !== undefined && id !== 'latest';
  const found: Candidate[] = [];
  const failures: HoldfastError[] = [];
  for (const repository of places.repositories) {
    try {
      const candidate = await lookAt(places, repository, { id, target, hasWanted });
      found.push(candidate);
      if (named && foundDamage(candidate.backup) === undefined) break;
    } catch (error) {
      if (!isHoldfastError(error, ...NOT_HERE)) throw error;
      failures.push(error);
    }
  }
  const [one, ...others] = found;
  if (one === undefined) throw failures.find(({ code }) => code === 'restore_refused') ?? failures[0];
  const wanted = { id, target, hasWanted };
  const best = others.reduce((before, next) => (isBetter(next, before, wanted) ? next : before), one);
  const { passedOver: _, ...origin } = best;
  return { ...origin, warnings: warningsOf(best, { found, failures, target, named }) };
}

interface Wanted {
  readonly id: string | undefined;
  readonly target: RecoveryTarget;
  readonly hasWanted: HasWanted;
}

async function lookAt(
  places: BackupPlaces,
  repository: BackupRepository,
  { id, target, hasWanted }: Wanted,
): Promise<Candidate> {
  // read once for each cluster, however many backups of it there are
  const known = new Map<string | null, Promise<readonly WalRange[]>>();
  const rangesOf = (backup: StoredBackup): Promise<readonly WalRange[]> => {
    const { systemIdentifier } = backup.manifest.server;
    const ranges =
      known.get(systemIdentifier) ??
      archiveOf(places, repository, backup).then(archive => archive?.ranges() ?? []);
    known.set(systemIdentifier, ranges);
    return ranges;
  };
  const hasTransaction = searchTransactions(backup => archiveOf(places, repository, backup));
  const choice = await chooseBackup(repository, id, target, { rangesOf, hasTransaction }, hasWanted);
  return { ...choice, repository, archive: await archiveOf(places, repository, choice.backup) };
}

async function archiveOf(
  places: BackupPlaces,
  repository: BackupRepository,
  { manifest }: StoredBackup,
): Promise<WalArchive | undefined> {
  const { systemIdentifier } = manifest.server;
  if (systemIdentifier === null) return undefined;
  return openWalArchive(places.archivePlace(repository), systemIdentifier);
}

/** Of equal ones the first place's: it is the one that was named first. */
function isBetter(next: Candidate, before: Candidate, { target, hasWanted }: Wanted): boolean {
  const [sound, soundBefore] = [next, before].map(({ backup }) => foundDamage(backup) === undefined);
  if (sound !== soundBefore) return sound === true;
  const [has, hasBefore] = [next, before].map(({ backup }) => hasWanted(backup));
  if (target.kind === 'backup' && has !== hasBefore) return has === true;
  const [moment = 0, momentBefore = 0] = [next, before].map(({ backup, reach }) =>
    Date.parse((target.kind === 'latest' ? reach.at : null) ?? backup.manifest.createdAt),
  );
  return moment > momentBefore;
}

interface Looked {
  readonly found: readonly Candidate[];
  readonly failures: readonly HoldfastError[];
  readonly target: RecoveryTarget;
  readonly named: boolean;
}

function warningsOf({ backup, reach }: Candidate, { found, failures, target, named }: Looked): string[] {
  const { id, createdAt } = backup.manifest;
  const newer = found.flatMap(({ repository, passedOver }) =>
    passedOver
      .filter(({ manifest }) => manifest.createdAt >= createdAt)
      .map(other => `Passed over, at ${repository.destination.name}: ${whyNot(other)}`),
  );
  return [
    ...(foundDamage(backup) === undefined ? [] : [damageText(backup)]),
    ...(isBeforeRepair(backup) && reach.target.kind === 'backup' ? [beforeRepairText(backup)] : []),
    ...newer,
    ...(named ? [] : failures.map(({ message }) => `Another place had nothing to choose from: ${message}.`)),
    ...(target.kind === 'latest' && reach.target.kind === 'backup'
      ? [`No WAL goes on from backup ${id}: its own point is the last moment that there is.`]
      : []),
  ];
}

function whyNot(backup: StoredBackup): string {
  if (foundDamage(backup) !== undefined) return damageText(backup);
  if (isBeforeRepair(backup)) return beforeRepairText(backup);
  return `Backup ${backup.manifest.id} does not have every table that was named.`;
}

function beforeRepairText({ manifest: { id, label } }: StoredBackup): string {
  return `Backup ${id} is labelled "${label}": it holds what was broken then. holdfast restore ${id} brings that back.`;
}

function damageText(backup: StoredBackup): string {
  const { id } = backup.manifest;
  const found = foundDamage(backup);
  const [problem] = found?.problems ?? [];
  const what = problem === undefined ? '' : `: ${problemText(problem, id)}`;
  const more = (found?.problems.length ?? 0) > 1 ? ` and ${(found?.problems.length ?? 0) - 1} more` : '';
  return `Backup ${id} was found damaged at ${found?.at}${what}${more}. holdfast backup drill ${id} looks again.`;
}
