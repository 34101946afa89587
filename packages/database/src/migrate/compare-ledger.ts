import { CHAIN_START, chainHash } from './hash-chain.ts';
import { doneHash, type LedgerFailure, type LedgerRow, leftNothing } from './ledger-row.ts';
import { compareVersions, type Migration } from './migration.ts';

/**
 * What is known about one version, from its file and its ledger row together.
 * - `applied`, `pending`: as the names say.
 * - `failed`: it was tried and nothing of it is in the database.
 * - `half_done`: a stepwise migration stopped; `nextStatement` (from 1) comes next. `inDoubt`: that one was begun and it is not
 *   known whether it took effect.
 * - `tampered`: the file and the ledger contradict each other; `problem` says how.
 */
export type MigrationEntry = {
  readonly version: string;
  readonly name: string;
  readonly file: string | undefined;
} & (
  | ({ readonly state: 'applied' } & AppliedFacts)
  | { readonly state: 'pending' }
  | { readonly state: 'failed'; readonly failure: LedgerFailure | null }
  | ({ readonly state: 'half_done' } & HalfDoneFacts)
  | {
      readonly state: 'tampered';
      readonly problem: TamperProblem;
      readonly explanation: string;
      /** Whether it had stopped half-way when that happened. */
      readonly halfDone: boolean;
    }
);

export interface AppliedFacts {
  readonly checksum: string;
  readonly chain: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly durationMs: number | null;
  readonly appliedBy: string;
  readonly toolVersion: string;
}

export interface HalfDoneFacts {
  readonly direction: 'up' | 'down';
  readonly nextStatement: number;
  readonly statementCount: number;
  readonly inDoubt: boolean;
  readonly failure: LedgerFailure | null;
  readonly startedAt: Date;
}

/**
 * - `edited`: the file is not the one that was applied.
 * - `inserted`: a new file whose version comes before one that is applied.
 * - `missing`: applied, and its file is gone although later ones are there.
 * - `unknown`: applied, and later than every file: these files are older than the database.
 * - `chain_broken`: the ledger row does not follow from the rows before it.
 */
export type TamperProblem = 'edited' | 'inserted' | 'missing' | 'unknown' | 'chain_broken';

/** Files against ledger rows, in the order of versions. Pure. */
export function compareLedger(
  migrations: readonly Migration[],
  rows: readonly LedgerRow[],
): MigrationEntry[] {
  const standing = rows.filter(row => !leftNothing(row));
  const lastStanding = standing.at(-1)?.version;
  const lastFile = migrations.at(-1)?.version;
  const brokenVersion = findBrokenLink(standing);
  const fromFiles = migrations.map(migration => {
    const row = rows.find(({ version }) => compareVersions(version, migration.version) === 0);
    const entry = { version: migration.version, name: migration.name, file: migration.file };
    if (row !== undefined && !leftNothing(row)) {
      return { ...entry, ...judgeRow(migration, row, row.version === brokenVersion) };
    }
    if (lastStanding !== undefined && compareVersions(migration.version, lastStanding) < 0) {
      return { ...entry, ...inserted(migration, lastStanding) };
    }
    return row === undefined || row.failure === null
      ? { ...entry, state: 'pending' as const }
      : { ...entry, state: 'failed' as const, failure: row.failure };
  });
  const known = new Set(migrations.map(({ version }) => BigInt(version)));
  const withoutFile = standing.filter(({ version }) => !known.has(BigInt(version)));
  return [...fromFiles, ...withoutFile.map(row => orphan(row, lastFile))].sort((a, b) =>
    compareVersions(a.version, b.version),
  );
}

function findBrokenLink(rows: readonly LedgerRow[]): string | undefined {
  let previous = CHAIN_START;
  for (const { version, checksum, chain } of rows) {
    if (chain === null) continue;
    if (chainHash(previous, version, checksum) !== chain) return version;
    previous = chain;
  }
  return undefined;
}

type Judgement = MigrationEntry extends infer Entry
  ? Entry extends MigrationEntry
    ? Omit<Entry, 'version' | 'name' | 'file'>
    : never
  : never;

function judgeRow(migration: Migration, row: LedgerRow, broken: boolean): Judgement {
  if (broken) {
    const explanation = `the ledger row of ${label(row)} does not follow from the rows before it: the ledger itself was changed. Restore holdfast_ledger from a backup`;
    return { state: 'tampered', problem: 'chain_broken', explanation, halfDone: false };
  }
  if (row.state !== 'applied') return judgeHalfDone(migration, row);
  if (row.checksum === migration.checksum) return { state: 'applied', ...appliedFacts(row) };
  const explanation = `${migration.file} was edited after it was applied (its SHA-256 is ${short(migration.checksum)}, applied was ${short(row.checksum)}). Put the file back as it was, and the change into a new migration`;
  return { state: 'tampered', problem: 'edited', explanation, halfDone: false };
}

function judgeHalfDone(migration: Migration, row: LedgerRow): Judgement {
  const direction = row.state === 'reverting' ? 'down' : 'up';
  const next = row.nextStatement ?? 0;
  const script = migration[direction];
  if (script?.mode !== 'stepwise' || doneHash(script.statements, next) !== row.doneHash) {
    const explanation = `${migration.file} stopped after ${next} of its statements for ${direction}, and one of those was edited since. Put them back as they were; those after them may be corrected`;
    return { state: 'tampered', problem: 'edited', explanation, halfDone: true };
  }
  return { state: 'half_done', direction, ...halfDoneFacts(row) };
}

function inserted(migration: Migration, lastVersion: string): Judgement {
  const explanation = `${migration.file} is new but comes before ${lastVersion}, which is applied. Give it a version after ${lastVersion}`;
  return { state: 'tampered', problem: 'inserted', explanation, halfDone: false };
}

function orphan(row: LedgerRow, lastFile: string | undefined): MigrationEntry {
  const newer = lastFile === undefined || compareVersions(row.version, lastFile) > 0;
  const explanation = newer
    ? `${label(row)} is in the database, put there by version ${row.toolVersion}, and not among these files, which end at ${lastFile ?? 'nothing'}: they are older than the database. Use the newer version`
    : `${label(row)} is applied but its file is gone. Put it back`;
  return {
    version: row.version,
    name: row.name,
    file: undefined,
    state: 'tampered',
    problem: newer ? 'unknown' : 'missing',
    explanation,
    halfDone: row.state !== 'applied',
  };
}

function appliedFacts(row: LedgerRow): AppliedFacts {
  const { checksum, chain, startedAt, finishedAt, durationMs, appliedBy, toolVersion } = row;
  return { checksum, chain: chain ?? '', startedAt, finishedAt, durationMs, appliedBy, toolVersion };
}

function halfDoneFacts(row: LedgerRow): Omit<HalfDoneFacts, 'direction'> {
  return {
    nextStatement: (row.nextStatement ?? 0) + 1,
    statementCount: row.statementCount ?? 0,
    inDoubt: row.inDoubt,
    failure: row.failure,
    startedAt: row.startedAt,
  };
}

function label({ version, name }: Pick<LedgerRow, 'version' | 'name'>): string {
  return name === '' ? version : `${version}_${name}`;
}

function short(checksum: string): string {
  return `${checksum.slice(0, 12)}…`;
}
