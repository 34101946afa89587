/**
 * `npm run damage [-- --flips N --seed S --only TEXT --json]`: makes a backup with each engine, compressed, as files and encrypted, damages each
 * in every way, and says what `holdfast backup verify` found of it. Needs PostgreSQL 15 of Debian and pgBackRest. Progress goes to
 * stderr, the table to stdout. Exit status: 0 all was found, 1 something was missed, 2 wrong usage, 3 it could not be done.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSystemPostgres } from '@holdfast/testing';
import { fillDatabase, KINDS, makeReal } from './real-backups.ts';
import { renderMatrix, renderRow } from './render-matrix.ts';
import { type MatrixRow, runMatrix } from './run-matrix.ts';

const { values } = parseArgs({
  options: {
    flips: { type: 'string', default: '500' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 3;
});

async function main(): Promise<number> {
  const flips = Number(values.flips);
  const seed = Number(values.seed ?? Date.now() % 100_000);
  if (!(Number.isInteger(flips) && flips >= 1 && flips <= 100_000 && Number.isInteger(seed))) {
    process.stderr.write('--flips from 1 to 100000, --seed a whole number\n');
    return 2;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  const rows = await damageAll(flips, seed, stop.signal);
  const missed = rows.flatMap(row => row.missed.map(what => `${row.kind}: ${what}`));
  const text = values.json
    ? JSON.stringify({ flips, seed, rows })
    : [renderMatrix(rows), '', `Seed ${seed}.`, ...missed].join('\n');
  process.stdout.write(`${text}\n`);
  return missed.length === 0 ? 0 : 1;
}

async function damageAll(flips: number, seed: number, signal: AbortSignal): Promise<MatrixRow[]> {
  const place = await mkdtemp(join(tmpdir(), 'hf-damage-'));
  await chmod(place, 0o755);
  const server = await startSystemPostgres('15');
  try {
    await fillDatabase(server.superuserUrl);
    const rows: MatrixRow[] = [];
    for (const kind of KINDS.filter(({ name }) => name.includes(values.only))) {
      process.stderr.write(`${kind.name} …\n`);
      const backup = await makeReal(place, kind, server.superuserUrl);
      const row = await runMatrix(backup, { flips, seed, signal });
      rows.push(row);
      process.stderr.write(`${renderRow(row)}\n`);
      await rm(join(backup.root, '..'), { recursive: true });
    }
    return rows;
  } finally {
    await server.stop();
    await rm(place, { recursive: true, force: true });
  }
}
