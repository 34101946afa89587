import {
  type MigrationEntry,
  type MigrationStatus,
  migrationStatus,
  refuseUnknownSchemas,
} from '@holdfast/database/migrate';
import type { CommandContext } from '../command.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import type { PROJECT_OPTIONS } from './options.ts';
import { commandLine, projectDirectory, withProject } from './project.ts';

/** `holdfast migrate status`: every version, and what was decided by hand. Reads only. */
export async function runStatus(context: CommandContext<typeof PROJECT_OPTIONS>): Promise<ExitCode> {
  const { terminal } = context;
  const status = await withProject(
    context,
    undefined,
    async ({ connection, migrations, schemas }) => {
      await refuseUnknownSchemas({ connection, schemas }, migrations);
      return migrationStatus(connection, migrations);
    },
    { mayBeEmpty: true },
  );
  const { version = null, foreign = null } = status;
  terminal.result({ ...status, version, foreign }, () =>
    status.entries.length === 0
      ? `There is no migration in ${projectDirectory(context)}, and none is applied: nothing to do.`
      : statusText(status, terminal, commandLine(context, 'migrate baseline')),
  );
  return status.upToDate ? 0 : 1;
}

const STATE_TEXT: Readonly<Record<MigrationEntry['state'], string>> = {
  applied: 'applied',
  pending: 'pending',
  failed: 'failed',
  half_done: 'half done',
  tampered: 'tampered',
};

function statusText(status: MigrationStatus, terminal: Terminal, baseline: string): string {
  const { entries, version, upToDate, running, foreign, decisions } = status;
  const width = Math.max(0, ...entries.map(entry => label(entry).length));
  return [
    `The schema is at ${version ?? 'nothing'}${upToDate ? ', up to date' : `, not up to date: ${summary(status)}`}.`,
    ...(running ? ['A runner is at work at this moment.'] : []),
    ...(foreign === undefined
      ? []
      : [
          `${foreign.tool} has applied ${foreign.versions.length} migrations here; take them over with: ${baseline}`,
        ]),
    ...entries.map(entry => entryLine(entry, width, terminal)),
    ...decisions.map(
      ({ version: of, action, decidedBy, decidedAt, reason }) =>
        `  decided: ${action.replace('_', ' ')} ${of}, by ${decidedBy} at ${decidedAt.toISOString()}: ${reason}`,
    ),
  ].join('\n');
}

function summary({ counts }: MigrationStatus): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${STATE_TEXT[state as MigrationEntry['state']]}`)
    .join(', ');
}

function label({ version, name }: MigrationEntry): string {
  return name === '' ? version : `${version}_${name}`;
}

function entryLine(entry: MigrationEntry, width: number, { style }: Terminal): string {
  const color = entry.state === 'applied' ? 'green' : entry.state === 'pending' ? 'yellow' : 'red';
  const state = style(color, STATE_TEXT[entry.state].padEnd(9));
  return `  ${label(entry).padEnd(width)}  ${state}  ${facts(entry)}`.trimEnd();
}

function facts(entry: MigrationEntry): string {
  switch (entry.state) {
    case 'applied': {
      const { startedAt, appliedBy, durationMs, toolVersion } = entry;
      return `${startedAt.toISOString()} by ${appliedBy} in ${durationMs ?? 0} ms, version ${toolVersion}`;
    }
    case 'pending':
      return '';
    case 'failed':
      if (entry.failure === null) return '';
      return entry.failure.interrupted === true
        ? `interrupted at line ${entry.failure.line ?? 'none'}; nothing of it is applied`
        : `SQLSTATE ${entry.failure.sqlState ?? 'none'}, line ${entry.failure.line ?? 'none'}; nothing of it is applied`;
    case 'half_done':
      return `${entry.direction}, stopped before statement ${entry.nextStatement} of ${entry.statementCount}${entry.inDoubt ? ', which may have taken effect' : ''}${entry.failure?.interrupted === true ? '; it was interrupted' : ''}`;
    case 'tampered':
      return entry.explanation;
  }
}
