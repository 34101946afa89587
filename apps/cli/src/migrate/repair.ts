import { HoldfastError } from '@holdfast/core';
import {
  type LedgerRepair,
  migrateDown,
  migrateUp,
  migrationStatus,
  planRepair,
  type RepairCase,
  type RepairChoice,
  type ResumeAt,
  repairLedger,
} from '@holdfast/database/migrate';
import type { ExitCode } from '../exit-codes.ts';
import type { MigrateContext } from './options.ts';
import { commandLine, type ProjectRun, withProject } from './project.ts';
import { refuseDangerousFiles } from './refuse-dangerous-files.ts';
import { scratchOptions } from './scratch.ts';

const FLAGS = {
  accept: 'accept',
  resume: 'resume',
  'mark-applied': 'mark_applied',
  'mark-pending': 'mark_pending',
  forget: 'forget',
} as const;

type Flag = keyof typeof FLAGS;

/** `holdfast migrate repair`: shows what stands in the way and what may be chosen; with a choice and --yes, does it. */
export async function runRepair(context: MigrateContext): Promise<ExitCode> {
  const { options } = context;
  const chosen = (Object.keys(FLAGS) as Flag[]).filter(flag => options[flag] !== undefined);
  const [flag, second] = chosen;
  if (second !== undefined) throw new HoldfastError('usage', 'Choose one repair at a time.');
  if (flag === undefined) return show(context);
  const value = options[flag] ?? '';
  if (options.yes !== true) {
    await show(context, `Nothing was changed. To do it, add --yes to --${flag} ${value}.`);
    return 1;
  }
  return flag === 'resume' ? resume(context, parseResume(value)) : carryOut(context, flag, value);
}

async function show(context: MigrateContext, hint?: string): Promise<ExitCode> {
  const cases = await withProject(context, undefined, async ({ connection, migrations }) =>
    planRepair((await migrationStatus(connection, migrations)).entries, migrations),
  );
  context.terminal.result({ cases, changed: false }, () =>
    [
      ...cases.map(one => caseText(one, context)),
      cases.length === 0 ? 'There is nothing to repair.' : (hint ?? ''),
    ].join('\n'),
  );
  return cases.length === 0 ? 0 : 1;
}

function caseText({ problem, choices }: RepairCase, context: MigrateContext): string {
  const lines = choices.map(
    choice => `  ${commandLine(context, `migrate repair ${choiceText(choice)} --yes`)}`,
  );
  const none = '  The ledger is not to be changed for this; the message says what is.';
  return [problem, ...(lines.length === 0 ? [none] : lines)].join('\n');
}

function choiceText(choice: RepairChoice): string {
  if (choice.action === 'resume') return `--resume ${choice.version}:${choice.statement}`;
  return `--${choice.action.replace('_', '-')} ${choice.version} --reason "…"`;
}

async function carryOut(
  context: MigrateContext,
  flag: Exclude<Flag, 'resume'>,
  version: string,
): Promise<ExitCode> {
  const { options, terminal } = context;
  const repair: LedgerRepair = { action: FLAGS[flag], version };
  const reason = options.reason ?? '';
  const done = await withProject(context, undefined, project => {
    const scratch = scratchOptions(context, project);
    return repairLedger({ ...project, repair, reason, ...(options.unchecked === true ? {} : { scratch }) });
  });
  terminal.result({ ...done, changed: true }, () => {
    const note = done.compared ? ' The files build the same schema as before.' : '';
    return `Done: ${flag} ${version}.${note} It is on record in the ledger.`;
  });
  return 0;
}

function parseResume(text: string): ResumeAt {
  const [, version, statement] = /^(\d+):(\d+)$/.exec(text) ?? [];
  if (version !== undefined && statement !== undefined) return { version, statement: Number(statement) };
  throw new HoldfastError('usage', `--resume takes VERSION:STATEMENT, such as 0003:2; not "${text}".`);
}

async function resume(context: MigrateContext, resumeAt: ResumeAt): Promise<ExitCode> {
  const { terminal } = context;
  const direction = await withProject(
    context,
    `migrate repair --resume ${resumeAt.version}:${resumeAt.statement} --yes`,
    project => finish(context, project, resumeAt),
  );
  terminal.result({ action: 'resume', ...resumeAt, direction, changed: true }, () =>
    direction === 'up' ? `${resumeAt.version} is applied.` : `${resumeAt.version} is rolled back.`,
  );
  return 0;
}

/** Finishes the half-done migration, and nothing else. */
async function finish(
  context: MigrateContext,
  project: ProjectRun,
  resumeAt: ResumeAt,
): Promise<'up' | 'down'> {
  const { entries } = await migrationStatus(project.connection, project.migrations);
  const index = entries.findIndex(({ state }) => state === 'half_done');
  const half = entries[index];
  if (half?.state !== 'half_done') throw new HoldfastError('usage', 'No migration is half-done.');
  if (half.direction === 'up') {
    await refuseDangerousFiles(context, project, half.version);
    await migrateUp({ ...project, to: half.version, resumeAt });
  } else {
    const to = entries[index - 1]?.version ?? '0';
    await migrateDown({ ...project, to, resumeAt, acceptDataLoss: true });
  }
  return half.direction;
}
