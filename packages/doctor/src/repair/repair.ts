import { HoldfastError, systemClock } from '@holdfast/core';
import type { OtherTarget } from '../config/other-target.ts';
import type { Diagnosis } from '../diagnosis.ts';
import type { Target } from '../target.ts';
import { whyNoBackupTool, whyNoDump, withoutBackupClause } from './missing-backup.ts';
import { planRepairs } from './plan-repairs.ts';
import { headlineOfRepair } from './repair-headline.ts';
import { claimRepairs, type JournaledRepair, newRunId } from './repair-journal.ts';
import type { RepairOptions, RepairReport } from './repair-options.ts';
import { recordOf } from './repair-records.ts';
import { RepairRunner } from './repair-runner.ts';

/**
 * Repairs what a diagnosis has named: plans in the order of layers, takes a backup before the first change of rows or definitions,
 * carries out step by step with a journal, examines again, and takes back what did not help. A run that was cut off is finished or taken
 * back first. Trouble with a repair never rejects: it is in the report.
 * @throws HoldfastError `conflict` while another process repairs this system, `repair_refused` for a journal that cannot be read,
 * `interrupted` when the signal stopped it between two steps
 */
export async function repair(
  target: Target | OtherTarget,
  diagnosis: Diagnosis,
  options: RepairOptions,
): Promise<RepairReport> {
  if (options.mode === 'plan') return planOnly(target, diagnosis, options);
  const claim = await claimRepairs(options.stateDirectory);
  try {
    const runner = new RepairRunner(target, diagnosis, options);
    return await runner.run().catch(error => {
      throw options.signal?.aborted === true && runner.hasChangedNothing ? stoppedBefore(error) : error;
    });
  } finally {
    await claim.release();
  }
}

function stoppedBefore(cause: unknown): HoldfastError {
  const details = { signal: 'SIGINT' };
  return new HoldfastError('interrupted', 'Stopped before anything was changed', { cause, details });
}

async function planOnly(
  target: Target | OtherTarget,
  diagnosis: Diagnosis,
  options: RepairOptions,
): Promise<RepairReport> {
  const { tools, clock = systemClock } = options;
  const at = new Date(clock.now()).toISOString();
  const planned = await planRepairs({ target, diagnosis, tools, runId: newRunId(at), at });
  const afterwards = { backup: null, checks: diagnosis.checks, untouched: null };
  const report: Omit<RepairReport, 'headline'> = {
    schemaVersion: 1,
    mode: 'plan',
    status: diagnosis.status === 'healthy' || diagnosis.status === 'degraded' ? 'green' : 'planned',
    backup: null,
    resumed: [],
    repairs: planned.repairs.map(item => recordOf(item, afterwards)),
    left: planned.left,
    missing: await missingFor(target, planned.repairs, options),
    journal: null,
    diagnosis,
  };
  return { ...report, headline: headlineOfRepair(report) };
}

/** What a run would stop at that is known before. */
async function missingFor(
  target: Target | OtherTarget,
  repairs: readonly JournaledRepair[],
  { tools, withoutBackup = false }: RepairOptions,
): Promise<string[]> {
  if (withoutBackup || repairs.every(({ effect }) => effect === 'none')) return [];
  const why = whyNoBackupTool(tools) ?? (await whyNoDump(target));
  return why === undefined ? [] : [withoutBackupClause(why)];
}
