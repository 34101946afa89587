import {
  type Diagnosis,
  exitCode,
  type OtherTarget,
  type RepairReport,
  type RepairTools,
  renderRepair,
  repair,
  stateDirectoryOf,
  type Target,
} from '@holdfast/doctor';
import type { ExitCode } from '../../exit-codes.ts';
import { type DoctorContext, timeoutOf } from '../doctor-options.ts';
import { askConsent } from './ask-consent.ts';
import type { FixMode } from './fix-options.ts';
import { refuseClosedPlace } from './refuse-closed-place.ts';

export interface FixRequest {
  readonly context: DoctorContext;
  readonly mode: FixMode;
  readonly target: Target | OtherTarget;
  readonly diagnosis: Diagnosis;
  readonly tools: RepairTools;
  readonly resolve: () => Promise<Target | OtherTarget>;
  readonly signal: AbortSignal;
}

/** Repairs what a diagnosis has named, and shows it. */
export async function fixSystem(request: FixRequest): Promise<RepairReport> {
  const { context, mode, target, diagnosis, tools, resolve, signal } = request;
  const { options, terminal } = context;
  const stateDirectory = stateDirectoryOf(target);
  await refuseClosedPlace(stateDirectory, mode);
  const report = await repair(target, diagnosis, {
    ...{ mode, tools, resolve, signal },
    stateDirectory,
    timeoutMs: timeoutOf(options),
    consent: askConsent(options, terminal),
    withoutBackup: options['no-backup'] === true,
    onProgress: terminal.progress,
  });
  terminal.result(report, () => renderRepair(report, { color: terminal.color }));
  return report;
}

/** 0 only when nothing is broken afterwards and no repair is half done; a plan ends as the diagnosis does. */
export function exitCodeOfFix({ mode, status, diagnosis }: RepairReport): ExitCode {
  const code = exitCode(diagnosis);
  if (code !== 0 || mode === 'plan') return code;
  return status === 'green' ? 0 : 1;
}
