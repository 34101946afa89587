import { statementKind } from '../sql-script/statement-kind.ts';
import type { MigrationEntry } from './compare-ledger.ts';
import type { Migration } from './migration.ts';

/**
 * What may be done about an entry of the ledger that stands in the way.
 * - `accept`: take the edited file for the one that was applied.
 * - `resume`: go on at a statement; several when it is not known whether the last one took effect.
 * - `mark_applied`, `mark_pending`: it was finished, or undone, by hand.
 * - `forget`: remove the row of a file that is gone.
 */
export type RepairChoice =
  | { readonly action: 'accept' | 'mark_applied' | 'mark_pending' | 'forget'; readonly version: string }
  | { readonly action: 'resume'; readonly version: string; readonly statement: number };

export interface RepairCase {
  readonly version: string;
  readonly name: string;
  readonly problem: string;
  /** Empty when nothing in the ledger should be changed, but the files. */
  readonly choices: readonly RepairChoice[];
}

/** What stands in the way, each with what may be chosen. Pure. */
export function planRepair(
  entries: readonly MigrationEntry[],
  migrations: readonly Migration[],
): RepairCase[] {
  return entries.flatMap((entry): RepairCase[] => {
    const { version, name } = entry;
    if (entry.state === 'tampered') {
      return [{ version, name, problem: entry.explanation, choices: tamperedChoices(entry) }];
    }
    if (entry.state !== 'half_done') return [];
    const migration = migrations.find(candidate => candidate.version === version);
    const way = entry.direction === 'up' ? 'being applied' : 'being rolled back';
    const doubt = entry.inDoubt ? '; whether that one took effect is not known' : '';
    const problem = `${entry.file} was ${way} and stopped before statement ${entry.nextStatement} of ${entry.statementCount}${doubt}`;
    return [{ version, name, problem, choices: halfDoneChoices(entry, migration) }];
  });
}

function tamperedChoices({
  version,
  problem,
  halfDone,
}: MigrationEntry & { readonly state: 'tampered' }): RepairChoice[] {
  if (problem === 'missing' || problem === 'unknown') return [{ action: 'forget', version }];
  if (halfDone) {
    return [
      { action: 'mark_applied', version },
      { action: 'mark_pending', version },
    ];
  }
  if (problem === 'edited') return [{ action: 'accept', version }];
  return [];
}

function halfDoneChoices(
  entry: MigrationEntry & { readonly state: 'half_done' },
  migration: Migration | undefined,
): RepairChoice[] {
  const { version, nextStatement, direction, inDoubt } = entry;
  const statement = migration?.[direction]?.statements[nextStatement - 1];
  const opaque = inDoubt && statement !== undefined && statementKind(statement) === 'opaque';
  return [
    { action: 'resume', version, statement: nextStatement },
    ...(opaque ? [{ action: 'resume' as const, version, statement: nextStatement + 1 }] : []),
    { action: 'mark_applied', version },
    { action: 'mark_pending', version },
  ];
}
