import { HoldfastError } from '@holdfast/core';
import { statementKind } from '../sql-script/statement-kind.ts';
import type { MigrationEntry } from './compare-ledger.ts';
import { compareVersions, type Migration } from './migration.ts';
import { summary } from './parse-migration.ts';
import type { RunContext } from './run-context.ts';
import type { StepwiseStart } from './run-stepwise.ts';

/** An operator's answer to `migration_half_done`: go on with this statement, from 1. */
export interface ResumeAt {
  readonly version: string;
  readonly statement: number;
}

type HalfDone = MigrationEntry & { readonly state: 'half_done' };
type Tampered = MigrationEntry & { readonly state: 'tampered' };

/** Throws `migration_tampered`, naming every file and ledger row that contradict each other. */
export function refuseTampered(entries: readonly MigrationEntry[]): void {
  const problems = entries.filter((entry): entry is Tampered => entry.state === 'tampered');
  if (problems.length === 0) return;
  const lines = problems.map(({ explanation }) => `- ${explanation}`);
  const message = `The migrations do not match what was applied to this database; nothing was run.\n${lines.join('\n')}`;
  throw new HoldfastError('migration_tampered', message, {
    details: {
      problems: problems.map(({ version, name, file, problem }) => ({
        version,
        name,
        file: file ?? null,
        problem,
      })),
    },
  });
}

/** The one migration that stopped half-way, if any; refuses it when it was going the other way. */
export function findHalfDone(
  entries: readonly MigrationEntry[],
  direction: 'up' | 'down',
): HalfDone | undefined {
  const half = entries.find((entry): entry is HalfDone => entry.state === 'half_done');
  if (half === undefined || half.direction === direction) return half;
  const message =
    half.direction === 'down'
      ? `${half.file} was being rolled back and stopped before statement ${half.nextStatement} of ${half.statementCount}. Finish that first: roll back again to the version before ${half.version}`
      : `${half.file} stopped before statement ${half.nextStatement} of ${half.statementCount}. Finish it first: run migrate again`;
  throw new HoldfastError('migration_half_done', message, {
    details: { version: half.version, direction: half.direction },
  });
}

/**
 * Where to take a half-done migration up. A statement in doubt is repeated when that is safe: when the catalog shows how far it
 * got, or when twice is the same as once. Otherwise only `resumeAt` decides.
 * @throws `migration_half_done` when nobody has decided; `usage` when resumeAt does not fit
 */
export function resumePoint(
  half: HalfDone,
  migration: Migration,
  resumeAt: ResumeAt | undefined,
  { commandLine }: Pick<RunContext, 'commandLine'>,
): StepwiseStart {
  const { nextStatement, inDoubt } = half;
  if (resumeAt !== undefined) return decided(half, resumeAt);
  const statement = migration[half.direction]?.statements[nextStatement - 1];
  if (!inDoubt || statement === undefined || statementKind(statement) !== 'opaque') {
    return { next: nextStatement - 1, inDoubt };
  }
  const again = `${half.version}:${nextStatement}`;
  const after = `${half.version}:${nextStatement + 1}`;
  const message =
    `${half.file} stopped during statement ${nextStatement} of ${half.statementCount}, line ${statement.line} (${summary(statement)}), ` +
    `and it is not known whether that took effect. Look at the database; then resume at ${again} to run it again, or at ${after} to go on after it: ${commandLine(`migrate repair --resume ${again} --yes`)}`;
  throw new HoldfastError('migration_half_done', message, {
    details: {
      version: half.version,
      file: half.file,
      statement: nextStatement,
      line: statement.line,
      resumeAt: [again, after],
    },
  });
}

function decided(half: HalfDone, { version, statement }: ResumeAt): StepwiseStart {
  const fits = compareVersions(version, half.version) === 0;
  if (fits && (statement === half.nextStatement || statement === half.nextStatement + 1)) {
    return { next: statement - 1, inDoubt: false };
  }
  const message = `Cannot resume at ${version}:${statement}: ${half.file} stopped at ${half.version}:${half.nextStatement}; resume there or at the statement after it`;
  throw new HoldfastError('usage', message);
}

/** Refuses a resume point when nothing is half-done, so that a stale one is not passed over in silence. */
export function refuseNeedlessResume(resumeAt: ResumeAt | undefined): void {
  if (resumeAt === undefined) return;
  const message = `No migration is half-done, so there is nothing to resume at ${resumeAt.version}:${resumeAt.statement}`;
  throw new HoldfastError('usage', message);
}
