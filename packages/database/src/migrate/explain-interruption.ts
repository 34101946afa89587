import { type HoldfastError, isHoldfastError } from '@holdfast/core';
import { statementKind } from '../sql-script/statement-kind.ts';
import { whatIsLeft } from './explain-failure.ts';
import { interrupted } from './interruption.ts';
import type { Migration } from './migration.ts';
import { failurePlace, findFailure } from './statement-failure.ts';

/** What was under way when a run was interrupted. */
interface UnderWay {
  readonly direction: 'up' | 'down';
  readonly migration: Migration;
  readonly commandLine: (verb: string) => string;
}

/** The error of an interrupted migration: which statement it was, and what state that leaves. */
export function interruptedMigration(
  cause: unknown,
  { direction, migration, commandLine }: UnderWay,
): HoldfastError {
  const { version, file } = migration;
  const failure = findFailure(cause);
  const statement = failure?.statement;
  const place = failure === undefined ? undefined : failurePlace(failure);
  const stepwise = migration[direction]?.mode === 'stepwise';
  const inDoubt = stepwise && statement !== undefined && statementKind(statement) === 'opaque';
  const where =
    statement === undefined
      ? `${file} was stopped between two statements`
      : `${file} was stopped at statement ${statement.index + 1}, line ${place?.line ?? statement.line}`;
  const outcome = stepwise
    ? `: ${stepwiseLeft(statement)}${inDoubt ? decision(commandLine, version, statement.index + 1) : ''}`
    : `, and that was rolled back: ${direction === 'up' ? 'nothing of it is applied' : 'it stays applied as it was'}.`;
  return interrupted(`${where}${outcome}`, {
    cause,
    details: {
      direction,
      version,
      file,
      statement: statement === undefined ? null : statement.index + 1,
      line: place?.line ?? null,
      ...(inDoubt ? { goOn: 'migrate repair' } : {}),
    },
  });
}

/** The next run refuses to guess. */
function decision(commandLine: UnderWay['commandLine'], version: string, statement: number): string {
  const resume = (at: number): string => commandLine(`migrate repair --resume ${version}:${at} --yes`);
  return ` Then run it again with: ${resume(statement)}, or go on after it with: ${resume(statement + 1)}.`;
}

function stepwiseLeft(statement: Parameters<typeof whatIsLeft>[0] | undefined): string {
  const done = 'The statements before it are done';
  if (statement === undefined) return `${done}, and the next run goes on from there.`;
  const next = statementKind(statement) === 'opaque' ? '' : ', and the next run goes on from there';
  return `${done}${next}. ${whatIsLeft(statement)}`;
}

/** The error of an interrupted trial of a rollback. */
export function interruptedTrial(cause: unknown): HoldfastError {
  const nothing = { version: null, file: null, statement: null, line: null };
  return interrupted(
    'Interrupted. The trial that comes before a rollback was under way; nothing was rolled back.',
    {
      cause,
      details: { direction: 'down', ...nothing },
    },
  );
}

/** The error of the whole run, with what it had done before. @param cause of the migration that was under way, or before the next */
export function interruptedRun(
  cause: unknown,
  direction: 'up' | 'down',
  done: readonly { readonly version: string }[],
): HoldfastError {
  const where =
    isHoldfastError(cause, 'interrupted') && cause.details !== undefined
      ? cause.message
      : 'No migration was under way.';
  const versions = done.map(({ version }) => version);
  const verb = direction === 'up' ? 'applied' : 'rolled back';
  const before = `Before that, this run had ${verb} ${versions.length === 0 ? 'nothing' : versions.join(', ')}.`;
  const details = isHoldfastError(cause) ? cause.details : undefined;
  return interrupted(`Interrupted. ${where} ${before}`, {
    cause,
    details: { ...(details ?? { direction, version: null, file: null }), done: versions },
  });
}
