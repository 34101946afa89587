import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HoldfastError, systemClock } from '@holdfast/core';
import { diffCatalogs, reconcile, writeSnapshotFile } from '@holdfast/database/drift';
import { connect, readCatalog } from '@holdfast/postgres';
import { defineCommand } from '../command.ts';
import { type OwnerAccess, withOwnerAccess } from '../database-access.ts';
import { DRIFT_OPTIONS, type DriftContext } from '../drift/drift-options.ts';
import { findExpected } from '../drift/find-expected.ts';
import { renderDrift } from '../drift/render-drift.ts';
import { launcherPid } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
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
    [2, 'a setting or an option is wrong'],
    [3, 'it could not be compared'],
  ],
  run: async context => {
    checkOptions(context);
    const stop = listenForStop(launcherPid(context.environment));
    try {
      const { configuration, flags, terminal } = context;
      return await withOwnerAccess(configuration(), terminal, flags['database-url'], access =>
        run(context, access, stop.first),
      );
    } finally {
      stop.dispose();
    }
  },
});

function checkOptions({ options }: DriftContext): void {
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
}

async function run(context: DriftContext, access: OwnerAccess, signal: AbortSignal): Promise<ExitCode> {
  const { options, terminal, environment } = context;
  const wanted = options.schema?.split(',').map(name => name.trim()) ?? 'all';
  const connection = await connect({ url: access.url, applicationName: 'holdfast drift' });
  try {
    if (options.save !== undefined) {
      const path = resolve(environment.cwd, options.save);
      const catalog = await readCatalog(connection, { schemas: wanted });
      const takenAt = new Date(systemClock.now()).toISOString();
      await writeSnapshotFile(path, {
        format: 'holdfast-catalog',
        version: 1,
        takenAt,
        schemas: wanted,
        catalog,
      });
      terminal.result(
        { saved: path, tables: catalog.tables.length },
        () => `Saved ${catalog.tables.length} tables to ${path}.`,
      );
      return 0;
    }
    const live = await readCatalog(connection, { schemas: wanted });
    const source = await findExpected({ context, access, connection, live, wanted, signal });
    const same = source.schemas === 'all' || wanted !== 'all';
    const pair = {
      expected: source.catalog,
      live: same ? live : await readCatalog(connection, { schemas: source.schemas }),
    };
    return await report(context, pair, source.description);
  } finally {
    await connection.close();
  }
}

async function report(
  { options, terminal, environment }: DriftContext,
  pair: Parameters<typeof diffCatalogs>[0],
  against: string,
): Promise<ExitCode> {
  const ignore = options.ignore?.split(',').map(pattern => pattern.trim()) ?? [];
  const found = diffCatalogs(pair, { ignore });
  const code = found.differences.length === 0 ? 0 : 1;
  if (options.sql !== true) {
    terminal.result({ drift: code === 1, against, ...found }, () => renderDrift(found, against, terminal));
    return code;
  }
  const script = reconcile(pair, { ignore, allowDestructive: options['allow-destructive'] === true });
  if (options.output !== undefined) await writeFile(resolve(environment.cwd, options.output), script.text);
  const count = `${script.statements.length} statements, and ${script.withheld.length} as comments,`;
  terminal.result({ drift: code === 1, against, ...found, reconcile: script }, () =>
    options.output === undefined ? script.text : `Wrote ${count} to ${options.output}.`,
  );
  return code;
}
