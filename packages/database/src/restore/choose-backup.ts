import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { parseLsn } from '@holdfast/postgres';
import type { BackupRepository, StoredBackup } from '../backup/backup-repository.ts';
import { isBeforeRepair } from '../backup/before-repair.ts';
import type { BackupProblem, BackupValidation } from '../backup/manifest.ts';
import type { WalRange } from '../backup/wal-archive.ts';
import { unknownTransaction } from './check-target.ts';
import type { RecoveryTarget } from './materialized-backup.ts';
import { type Reach, reachOf } from './reach.ts';
import type { HasTransaction } from './transaction-search.ts';

/** What a restore begins with. */
export interface BackupChoice {
  readonly backup: StoredBackup;
  readonly reach: Reach;
  /** What would have come first, were it not damaged by its last validation, from before a repair, or without what is wanted. */
  readonly passedOver: readonly StoredBackup[];
}

/** Whether a manifest names what is wanted of a backup. */
export type HasWanted = (backup: StoredBackup) => boolean;

/** The WAL of the clusters that backups are of. */
export interface KnownWal {
  rangesOf(backup: StoredBackup): Promise<readonly WalRange[]>;
  readonly hasTransaction: HasTransaction;
}

/**
 * The backup that a restore begins with: the one named, else of those that the last validation did not find damaged the newest from
 * before the target that WAL leads there from; for the latest point the one that leads furthest, of any engine. One from before a
 * repair holds what was broken then, so it may only be what WAL continues.
 * @param hasWanted where its own point is wanted: the newest for which it holds, if any
 * @throws HoldfastError `backup_unknown`, `backup_not_found`, `restore_refused`
 */
export async function chooseBackup(
  repository: BackupRepository,
  id: string | undefined,
  target: RecoveryTarget,
  wal: KnownWal,
  hasWanted: HasWanted = () => true,
): Promise<BackupChoice> {
  const reachFrom = async (backup: StoredBackup): Promise<Reach> => {
    const ranges = target.kind === 'backup' ? [] : await wal.rangesOf(backup);
    const reach = reachOf(backup.manifest, target, ranges);
    if (target.kind === 'transaction' && !(await wal.hasTransaction(backup, target.xid)))
      throw unknownTransaction(target.xid, backup.manifest.id, ranges);
    return reach;
  };
  if (id !== undefined && id !== 'latest') {
    const backup = await repository.find(id);
    return { backup, reach: await reachFrom(backup), passedOver: [] };
  }
  const listed = await repository.list();
  const candidates = listed.backups.filter(backup => isBefore(backup, target));
  const sound = candidates.filter(
    backup => isSound(backup) && !(target.kind === 'backup' && isBeforeRepair(backup)),
  );
  const having = target.kind === 'backup' ? sound.filter(hasWanted) : [];
  const usable = having.length > 0 ? having : sound;
  const reached = await (target.kind === 'latest' ? furthest : first)(usable, reachFrom);
  if (reached === undefined)
    throw new HoldfastError('backup_not_found', explain(repository.destination.name, listed, target));
  const { backup, reach } = reached;
  const passedOver = candidates
    .slice(0, candidates.indexOf(backup))
    .filter(
      other =>
        target.kind === 'backup' ||
        !isSound(other) ||
        (reach.target.kind === 'backup' && isBeforeRepair(other)),
    );
  return { backup, reach, passedOver };
}

interface Reached {
  readonly backup: StoredBackup;
  readonly reach: Reach;
}

type ReachFrom = (backup: StoredBackup) => Promise<Reach>;

/** The first that leads there; when none does, what stands against the first. */
async function first(backups: readonly StoredBackup[], reachFrom: ReachFrom): Promise<Reached | undefined> {
  let refusal: unknown;
  for (const backup of backups) {
    try {
      return { backup, reach: await reachFrom(backup) };
    } catch (error) {
      if (!isHoldfastError(error, 'restore_refused')) throw error;
      refusal ??= error;
    }
  }
  if (refusal !== undefined) throw refusal;
  return undefined;
}

async function furthest(
  backups: readonly StoredBackup[],
  reachFrom: ReachFrom,
): Promise<Reached | undefined> {
  const reached: Reached[] = [];
  for (const backup of backups) {
    const reach = await reachFrom(backup);
    if (reach.target.kind !== 'backup' || !isBeforeRepair(backup)) reached.push({ backup, reach });
  }
  const own = reached.filter(({ backup }) => !reached.some(other => covers(other, backup)));
  return own.reduce<Reached | undefined>(
    (best, next) => (best === undefined || momentOf(next) > momentOf(best) ? next : best),
    undefined,
  );
}

/** Whether replayed WAL goes beyond a dump of the same cluster: no commit need have come since, so times do not tell. */
function covers({ backup, reach }: Reached, { manifest }: StoredBackup): boolean {
  const { point, server } = manifest;
  if (point.kind !== 'logical' || point.lsn === null || reach.upTo === null) return false;
  const isSame = backup.manifest.server.systemIdentifier === server.systemIdentifier;
  return isSame && parseLsn(point.lsn) <= parseLsn(reach.upTo);
}

function momentOf({ reach }: Reached): number {
  return Date.parse(reach.at ?? '');
}

type Listed = Awaited<ReturnType<BackupRepository['list']>>;

const NAMED = 3;

/** Says what stands against each: an operator in need has to know which to look at. */
function explain(place: string, { backups, broken: unreadable }: Listed, target: RecoveryTarget): string {
  const unusable = unreadable.filter(({ leftover, inWork }) => !leftover && !inWork);
  if (backups.length === 0 && unusable.length === 0)
    return `There is no backup at ${place}. Make one with holdfast backup`;
  const [damaged, broken] = [
    backups.filter(backup => isBefore(backup, target) && !isSound(backup)),
    backups.filter(backup => isBefore(backup, target) && isSound(backup) && isBeforeRepair(backup)),
  ];
  const dumps = backups
    .filter(({ manifest }) => manifest.engine === 'logical')
    .toSorted((a, b) => Number(isBeforeRepair(a)) - Number(isBeforeRepair(b)));
  const late = backups.filter(backup => !isBefore(backup, target) && !dumps.includes(backup));
  const oldest = late.at(-1)?.manifest.point.snapshotAt;
  return [
    `No backup at ${place} will do, of ${backups.length + unusable.length}`,
    ...(oldest === undefined
      ? []
      : [`${countText(late)} later than what was asked for (the oldest is of ${oldest})`]),
    ...(target.kind === 'backup' || target.kind === 'latest' || dumps.length === 0
      ? []
      : [
          `${countText(dumps)} only a dump, which WAL cannot continue (the newest: holdfast restore ${dumps[0]?.manifest.id} --plan)`,
        ]),
    ...(damaged.length === 0 ? [] : [damagedText(damaged)]),
    ...(broken.length === 0 ? [] : [beforeRepairText(broken)]),
    ...unusable.slice(0, NAMED).map(({ id, problem }) => `${id} cannot be used: ${problem}`),
  ].join('. ');
}

function countText({ length }: readonly StoredBackup[]): string {
  return length === 1 ? 'One is' : `${length} are`;
}

function damagedText(damaged: readonly StoredBackup[]): string {
  const shown = damaged.slice(0, NAMED).map(({ manifest, validations }) => {
    const [problem] = validations.at(-1)?.problems ?? [];
    return `${manifest.id}${problem === undefined ? '' : ` (${problemText(problem, manifest.id)})`}`;
  });
  const more = damaged.length > NAMED ? ` and ${damaged.length - NAMED} more` : '';
  const [newest] = damaged;
  return `Found damaged: ${shown.join(', ')}${more}. When that was mended or was not the backup's fault, holdfast backup drill ${newest?.manifest.id} looks again; a restore that names it tries it all the same`;
}

/** A problem of a backup that is named beside it, without a full stop. */
export function problemText({ subject, message }: BackupProblem, id: string): string {
  const said = message.replace(/\.$/, '').replace(`Backup ${id} is damaged: `, '');
  return subject === id ? said : `${subject}: ${said}`;
}

function beforeRepairText(backups: readonly StoredBackup[]): string {
  const shown = backups.slice(0, NAMED).map(({ manifest }) => manifest.id);
  const more = backups.length > NAMED ? ` and ${backups.length - NAMED} more` : '';
  return `Taken before a repair, with what was broken then: ${shown.join(', ')}${more}; a restore that names it takes it all the same`;
}

function isSound(backup: StoredBackup): boolean {
  return foundDamage(backup) === undefined;
}

/** The last validation of a backup, when it found damage. */
export function foundDamage({ validations }: StoredBackup): BackupValidation | undefined {
  const last = validations.at(-1);
  return last?.result === 'damaged' ? last : undefined;
}

function isBefore({ manifest }: StoredBackup, target: RecoveryTarget): boolean {
  if (target.kind === 'backup' || target.kind === 'latest') return true;
  const { point } = manifest;
  if (point.kind !== 'physical') return false;
  if (target.kind === 'time') return Date.parse(point.snapshotAt) <= target.at.getTime();
  return target.kind !== 'lsn' || parseLsn(point.stopLsn) <= parseLsn(target.lsn);
}
