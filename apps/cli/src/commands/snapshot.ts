import { rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HoldfastError, maskUrl, systemClock } from '@holdfast/core';
import { bytesText } from '@holdfast/database/health';
import { takeSystemSnapshot } from '@holdfast/doctor';
import { defineCommand } from '../command.ts';
import { findOther } from '../doctor/other-system.ts';
import { findHealthTarget } from '../health/examine-target.ts';
import { assertPlaceToWrite, writing } from '../output-file.ts';

/** `holdfast snapshot`: what a system is while all is well. */
export const snapshot = defineCommand({
  usage: '',
  description:
    'Records what a system on PostgreSQL is while all is well: the whole catalog, and the rows and checksum of every table, as of one moment. The doctor compares with it when something is not, and holdfast drift --snapshot does as well. Reads only. No value of a row is in the file, but names, comments and definitions are.',
  options: {
    config: {
      type: 'string',
      value: 'FILE',
      description: 'the system that FILE describes (default: holdfast.config.ts of this directory)',
    },
    output: {
      type: 'string',
      value: 'FILE',
      description: 'default: what the configuration names, else holdfast.snapshot.json',
    },
  },
  examples: [
    ['holdfast snapshot', 'of the system that holdfast.config.ts describes'],
    ['holdfast snapshot --database-url URL --output shop.json', 'of any database, to any file'],
  ],
  exitStatus: [
    [0, 'written'],
    [2, 'wrong usage, or the configuration is not usable'],
    [3, 'the database could not be read'],
  ],
  run: async context => {
    const { options, flags, environment, terminal } = context;
    const other = flags['database-url'] === undefined ? await findOther(context) : undefined;
    const url =
      other === undefined
        ? (await findHealthTarget(context.configuration(), flags))?.url
        : (other.database.ownerUrl ?? other.database.appUrl);
    if (url === undefined) {
      const message =
        'It is not known which database: name it with --database-url, or write a holdfast.config.ts (holdfast doctor --init).';
      throw new HoldfastError('usage', message);
    }
    const path =
      options.output === undefined
        ? (other?.snapshotPath ?? resolve(environment.cwd, 'holdfast.snapshot.json'))
        : resolve(environment.cwd, options.output);
    await assertPlaceToWrite('--output', path);
    const taken = await takeSystemSnapshot({
      url,
      takenAt: new Date(systemClock.now()).toISOString(),
      signal: new AbortController().signal,
      onProgress: (done, total) => terminal.progress(`reading: ${bytesText(done)} of ${bytesText(total)}`),
    });
    await writing('--output', () => replaceFile(path, `${JSON.stringify(taken, null, 2)}\n`));
    const unread = taken.tables.filter(({ checksum }) => checksum === null);
    const rows = taken.tables.reduce((sum, table) => sum + table.rows, 0);
    const summary = { path, database: maskUrl(url), tables: taken.tables.length, rows, unread };
    terminal.result(summary, () =>
      [
        `Wrote ${path}: ${taken.tables.length} tables with ${rows} rows.`,
        ...unread.map(({ schema, name, unread: why }) => `  not read: ${schema}.${name}: ${why}`),
        '',
      ].join('\n'),
    );
    return 0;
  },
});

/** The last good one stays until the new one is whole. */
async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.partial`;
  try {
    await writeFile(beside, text, { mode: 0o600 });
    await rename(beside, path);
  } finally {
    await rm(beside, { force: true });
  }
}
