import { errorMessage, isHoldfastError } from '@holdfast/core';
import { type Catalog, readCatalog } from '@holdfast/postgres';
import { diffCatalogs } from '../drift/diff/diff-catalogs.ts';
import type { Difference } from '../drift/diff/difference.ts';
import { withoutServer } from '../drift/expected/without-server.ts';
import { type Scratch, withScratch } from '../scratch/scratch-database.ts';
import type { ScratchOptions } from '../scratch/scratch-place.ts';
import { migrateDown } from './migrate-down.ts';
import { migrateUp } from './migrate-up.ts';
import type { Migration } from './migration.ts';

export interface VerifyOptions extends ScratchOptions {
  readonly migrations: readonly Migration[];
  /** The version of the tool, for the ledger of the scratch database. */
  readonly appVersion: string;
  readonly onProgress?: (migration: Migration) => void;
}

/**
 * What is wrong with one migration.
 * - `up_failed`, `down_failed`, `up_again_failed`: a step does not run.
 * - `down_differs`: after the way down the schema is not what it was before the way up.
 * - `up_again_differs`: up, down and up leads elsewhere than up alone.
 */
export interface VerifyFinding {
  readonly kind: 'up_failed' | 'down_failed' | 'up_again_failed' | 'down_differs' | 'up_again_differs';
  readonly version: string;
  readonly file: string;
  /** Why a step failed. */
  readonly message?: string;
  readonly differences?: readonly Difference[];
}

export interface Verification {
  readonly ok: boolean;
  /** Versions that were run every way they have. */
  readonly verified: readonly string[];
  /** Versions without a down section: only their way up was run. */
  readonly irreversible: readonly string[];
  /** Versions after one that cannot be applied. */
  readonly untried: readonly string[];
  readonly findings: readonly VerifyFinding[];
}

interface Walk {
  readonly scratch: Scratch;
  readonly options: VerifyOptions;
  readonly findings: VerifyFinding[];
}

/**
 * Runs every migration up, down and up again in a scratch database, and compares the schema by meaning after each step: a
 * re-added column may move last. Rows are not part of it: the tables are empty but for what the migrations insert.
 * @throws `scratch_unavailable`, `usage` as withScratch; the reason of the signal
 */
export function verifyMigrations(options: VerifyOptions): Promise<Verification> {
  const { migrations, signal, onProgress } = options;
  return withScratch(options, async scratch => {
    const walk: Walk = { scratch, options, findings: [] };
    const done: Migration[] = [];
    for (const [index, migration] of migrations.entries()) {
      signal?.throwIfAborted();
      onProgress?.(migration);
      const before = migrations[index - 1]?.version ?? '0';
      if (!(await walkOne(walk, migration, before))) break;
      done.push(migration);
    }
    const versions = (list: readonly Migration[]): string[] => list.map(({ version }) => version);
    return {
      ok: walk.findings.length === 0,
      verified: versions(done.filter(({ down }) => down !== undefined)),
      irreversible: versions(done.filter(({ down }) => down === undefined)),
      untried: versions(migrations.slice(done.length + 1)),
      findings: walk.findings,
    };
  });
}

/** Returns whether the migrations after it can be tried. */
async function walkOne(walk: Walk, migration: Migration, before: string): Promise<boolean> {
  const original = await snapshot(walk);
  if (!(await step(walk, migration, 'up_failed', () => up(walk, migration.version)))) return false;
  if (migration.down === undefined) return true;
  const applied = await snapshot(walk);
  if (!(await step(walk, migration, 'down_failed', () => down(walk, before)))) {
    return startOver(walk, migration);
  }
  compare(walk, migration, 'down_differs', original, await snapshot(walk));
  if (!(await step(walk, migration, 'up_again_failed', () => up(walk, migration.version)))) {
    return startOver(walk, migration);
  }
  compare(walk, migration, 'up_again_differs', applied, await snapshot(walk));
  return true;
}

async function step(
  { findings, options }: Walk,
  { version, file }: Migration,
  kind: VerifyFinding['kind'],
  run: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!isHoldfastError(error, 'migration_failed')) throw error;
    findings.push({ kind, version, file, message: errorMessage(error) });
    return false;
  }
}

/** What a broken way down left behind must not be blamed on the migrations after it. */
async function startOver(walk: Walk, { version }: Migration): Promise<boolean> {
  await walk.scratch.renew();
  await up(walk, version);
  return true;
}

function compare(
  { findings }: Walk,
  { version, file }: Migration,
  kind: VerifyFinding['kind'],
  expected: Catalog,
  found: Catalog,
): void {
  const { differences } = diffCatalogs({ expected, live: found });
  if (differences.length > 0) findings.push({ kind, version, file, differences });
}

function up({ scratch, options: { migrations, appVersion } }: Walk, to: string): Promise<unknown> {
  return migrateUp({ connection: scratch.connection(), migrations, appVersion, to, inScratch: true });
}

function down({ scratch, options: { migrations, appVersion } }: Walk, to: string): Promise<unknown> {
  const connection = scratch.connection();
  return migrateDown({ connection, migrations, appVersion, to, acceptDataLoss: true, inScratch: true });
}

async function snapshot({ scratch }: Walk): Promise<Catalog> {
  return withoutServer(await readCatalog(scratch.connection(), { schemas: 'all' }));
}
