import type { BackupPoint } from '../backup/manifest.ts';
import type { RecoveryTarget } from './materialized-backup.ts';

export type PhysicalPoint = Extract<BackupPoint, { kind: 'physical' }>;

/**
 * The settings that end recovery at a target (manual, section "Recovery Target"); PostgreSQL fails when the WAL ends before it.
 * `timeline` is the one to follow, which need not be the latest: that may have been left again. `backup` ends just before the record that follows the snapshot of the manifest, or, without one, as soon as the copy is
 * consistent.
 */
export function recoverySettings(
  target: RecoveryTarget,
  point: PhysicalPoint,
  timeline: number | 'current',
): Record<string, string> {
  return { recovery_target_action: 'promote', ...targetSettings(target, point, String(timeline)) };
}

function targetSettings(
  target: RecoveryTarget,
  point: PhysicalPoint,
  timeline: string,
): Record<string, string> {
  switch (target.kind) {
    case 'backup':
      return point.consistentLsn === null
        ? { recovery_target_timeline: 'current', recovery_target: 'immediate' }
        : { recovery_target_timeline: 'current', ...atLsn(point.consistentLsn, false) };
    case 'latest':
      return { recovery_target_timeline: timeline };
    case 'time':
      return {
        recovery_target_timeline: timeline,
        // time zones by name are not known yet when this is read, and Z is one
        recovery_target_time: target.at.toISOString().replace('Z', '+00'),
        recovery_target_inclusive: 'on',
      };
    case 'lsn':
      return { recovery_target_timeline: timeline, ...atLsn(target.lsn, target.inclusive) };
    case 'transaction':
      return {
        recovery_target_timeline: timeline,
        recovery_target_xid: target.xid,
        recovery_target_inclusive: target.inclusive ? 'on' : 'off',
      };
  }
}

function atLsn(lsn: string, inclusive: boolean): Record<string, string> {
  return { recovery_target_lsn: lsn, recovery_target_inclusive: inclusive ? 'on' : 'off' };
}
