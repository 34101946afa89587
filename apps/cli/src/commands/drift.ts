import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorMessage, HoldfastError, isHoldfastError, systemClock } from '@holdfast/core';
import {
  chooseScope,
  diffCatalogs,
  reconcile,
  refuseUnknownSchemas,
  writeSnapshotFile,
} from '@holdfast/database/drift';
import { type Catalog, type Connection, listSchemas, readCatalog } from '@holdfast/postgres';
import { defineCommand } from '../command.ts';
import { connectAs, type OwnerAccess, withOwnerAccess } from '../database-access.ts';
import { assertDatabaseUrl } from '../database-url-option.ts';
import { DRIFT_OPTIONS, type DriftContext } from '../drift/drift-options.ts';
import type { ExpectedCatalog } from '../drift/expected-catalog.ts';
import { findExpected, isDatabase } from '../drift/find-expected.ts';
import { renderDrift } from '../drift/render-drift.ts';
import { launcherPid } from '../env.ts';
import { type ExitCode, exitCodeOf } from '../exit-codes.ts';
import { namesIn } from '../names-in.ts';
import { assertPlaceToWrite, writing } from '../output-file.ts';
import { listenForStop } from '../stop-signals.ts';

/** `holdfast drift`: the live schema against what it should be. */
export const drift = defineCommand({
  usage: '',
  description:
    'Compares the live schema with what it should be: with what the applied migrations build in a scratch database, which is dropped afterwards, or with a snapshot, the ledger, a backup or another database. Each change is named once, with what follows from it. Reads only; the scratch database is the one thing that is made.',
  options: DRIFT_OPTIONS,
  examples: [
    ['holdfast drift', 'against our own migrations'],
    ['holdfast drift --database-url URL --migrations db/migrations', 'any database against its migrations'],
    ['holdfast drift --save schema.json', 'keep what is there now'],
    [
      "holdfast drift --snapshot schema.json --ignore 'table:public.tmp_*,*#comment'",
      'against what was kept',
    ],
    [
      'holdfast drift --against URL --sql --output migrations/0042_drift.sql',
      'make one database like another',
    ],
  ],
  exitStatus: [
    [0, 'no drift'],
    [1, 'drift'],
    [2, 'a setting or an option is wrong, or a file cannot be read or written'],
    [3, 'it could not be compared'],
  ],
  run: async context => {
    await checkOptions(context);
    const stop = listenForStop(launcherPid(context.environment));
    try {
      const { configuration, flags, terminal } = context;
      return await withOwnerAccess(configuration(), terminal, flags['database-url'], access =>
        run(context, access, stop.first),
      );
    } catch (error) {
      throw exitCodeOf(error) === 1 ? notCompared(error) : error;
    } finally {
      stop.dispose();
    }
  },
});

/** Exit status 1 is drift that was found, and nothing else: whatever kept it from being looked for is another matter. */
function notCompared(cause: unknown): HoldfastError {
  const message = `It could not be compared: ${errorMessage(cause)}`;
  const details = isHoldfastError(cause) ? cause.details : undefined;
  return new HoldfastError('drift_unknown', message, {
    cause,
    ...(details === undefined ? {} : { details }),
  });
}

async function checkOptions({ options, environment }: DriftContext): Promise<void> {
  const sources = (['migrations', 'ledger', 'snapshot', 'against', 'save'] as const).filter(
    name => options[name] !== undefined,
  );
  if (sources.length > 1) {
    throw new HoldfastError(
      'usage',
      `Only one of ${sources.map(name => `--${name}`).join(' and ')} can be given.`,
    );
  }
  for (const name of ['allow-destructive', 'output'] as const) {
    if (options[name] !== undefined && options.sql !== true)
      throw new HoldfastError('usage', `--${name} only goes with --sql.`);
  }
  assertDatabaseUrl('--scratch-url', options['scratch-url']);
  assertComparable(options.against, environment.cwd);
  for (const name of ['save', 'output'] as const) {
    const path = options[name];
    if (path !== undefined) await assertPlaceToWrite(`--${name}`, resolve(environment.cwd, path));
  }
}

function assertComparable(against: string | undefined, cwd: string): void {
  if (isDatabase(against)) assertDatabaseUrl('--against', against);
  if (against === undefined || isDatabase(against) || existsSync(resolve(cwd, against))) return;
  throw new HoldfastError(
    'usage',
    `--against must be the URL of a database (postgresql://…) or a file: there is no file ${resolve(cwd, against)}.`,
  );
}

async function run(context: DriftContext, access: OwnerAccess, signal: AbortSignal): Promise<ExitCode> {
  const { options } = context;
  const wanted = options.schema === undefined ? 'all' : namesIn('--schema', options.schema);
  const connection = await connectAs('holdfast drift', access.url);
  try {
    if (options.save !== undefined) return await save(context, connection, wanted, options.save);
    const live = await readCatalog(connection, { schemas: wanted });
    const source = await findExpected({ context, access, connection, live, wanted, signal });
    await refuseUnknown(connection, wanted, [live, source.catalog]);
    const { expected, schemas } = chooseScope(source, wanted, source.description);
    const pair = {
      expected,
      live: schemas === wanted ? live : await readCatalog(connection, { schemas }),
    };
    return await report(context, pair, source);
  } finally {
    await connection.close();
  }
}

async function refuseUnknown(
  connection: Connection,
  wanted: readonly string[] | 'all',
  sides: readonly Catalog[],
): Promise<void> {
  if (wanted === 'all') return;
  refuseUnknownSchemas(wanted, sides, await listSchemas(connection));
}

async function save(
  { terminal, environment }: DriftContext,
  connection: Connection,
  wanted: readonly string[] | 'all',
  file: string,
): Promise<ExitCode> {
  const path = resolve(environment.cwd, file);
  const catalog = await readCatalog(connection, { schemas: wanted });
  await refuseUnknown(connection, wanted, [catalog]);
  const takenAt = new Date(systemClock.now()).toISOString();
  const snapshot = { format: 'holdfast-catalog', version: 1, takenAt, schemas: wanted, catalog } as const;
  await writing('--save', () => writeSnapshotFile(path, snapshot));
  terminal.result(
    { saved: path, tables: catalog.tables.length },
    () => `Saved ${catalog.tables.length} tables to ${path}.`,
  );
  return 0;
}

async function report(
  { options, terminal, environment }: DriftContext,
  pair: Parameters<typeof diffCatalogs>[0],
  { description: against, notes }: ExpectedCatalog,
): Promise<ExitCode> {
  const ignore = options.ignore?.split(',').map(pattern => pattern.trim()) ?? [];
  const compared = diffCatalogs(pair, { ignore });
  const found = { ...compared, notes: [...notes, ...compared.notes] };
  const code = found.differences.length === 0 ? 0 : 1;
  if (options.sql !== true) {
    terminal.result({ drift: code === 1, against, ...found }, () => renderDrift(found, against, terminal));
    return code;
  }
  const script = reconcile(pair, { ignore, allowDestructive: options['allow-destructive'] === true });
  if (options.output !== undefined) {
    const path = resolve(environment.cwd, options.output);
    await writing('--output', () => writeFile(path, script.text));
  }
  const count = `${script.statements.length} statements, and ${script.withheld.length} as comments,`;
  terminal.result({ drift: code === 1, against, ...found, reconcile: script }, () =>
    options.output === undefined ? script.text : `Wrote ${count} to ${options.output}.`,
  );
  return code;
}
