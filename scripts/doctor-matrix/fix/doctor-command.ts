import type { RepairReport } from '@holdfast/doctor';
import { type CommandEnd, type RunningCommand, startCommand } from '../../kill-matrix/command.ts';
import type { CommandAccess } from '../system.ts';

/** What a run of the doctor has said; undefined when it has said nothing that can be read. */
export interface DoctorRun {
  readonly code: number | null;
  readonly report: RepairReport | undefined;
  readonly stderr: string;
}

/** Starts the real command on the system, as its own process. */
export async function startDoctor(
  access: CommandAccess,
  ...options: readonly string[]
): Promise<RunningCommand> {
  return startCommand(['doctor', ...options, ...access.args], await access.variables());
}

export async function runDoctor(access: CommandAccess, ...options: readonly string[]): Promise<DoctorRun> {
  return runOf(await (await startDoctor(access, ...options)).ended);
}

export function runOf({ code, result, stderr }: CommandEnd): DoctorRun {
  const report = 'repairs' in result ? (result as unknown as RepairReport) : undefined;
  return { code, report, stderr };
}

/** Takes the backup that rows can come back from, while all is well. @throws when none was made */
export async function takeBackup(access: CommandAccess): Promise<void> {
  const command = startCommand(['backup', ...access.backupArgs], access.backupVariables);
  const { code, result, stderr } = await command.ended;
  if (code !== 0) throw new Error(`no backup could be taken (${code}): ${stderr || JSON.stringify(result)}`);
}

/** The options that agree to all of a plan. */
export function agreeingTo({ repairs }: RepairReport, access: CommandAccess): string[] {
  const destructive = repairs.some(({ risk }) => risk === 'destructive');
  return ['--fix', '--yes', ...(destructive ? ['--yes-destructive'] : []), ...access.fixArgs];
}

/** A diagnosis in a few words, for whoever wants to know what stayed broken. */
export function toldBy({ code, report, stderr }: DoctorRun): string {
  if (report === undefined)
    return `exit status ${code}: ${stderr.trim().split('\n').at(-1) ?? 'nothing said'}`;
  const causes = report.diagnosis.rootCauses.map(cause => `${cause.code} ${cause.subject}`);
  const unexplained = report.diagnosis.unexplained.map(({ check }) => `unexplained ${check}`);
  const steps = report.repairs.flatMap(({ code: fault, outcome, steps: all }) =>
    outcome === 'helped' ? [] : [`${fault} ${outcome}: ${all.map(({ detail }) => detail).join('; ')}`],
  );
  return [`exit status ${code}: ${report.headline}`, ...causes, ...unexplained, ...steps].join(' | ');
}
