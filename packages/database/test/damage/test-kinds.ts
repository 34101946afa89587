import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { systemProgram } from '../backup/making.ts';
import { type SystemPostgres, startSystemPostgres } from '../system-postgres.ts';
import { fillDatabase, KINDS, makeReal } from './real-backups.ts';
import { runMatrix } from './run-matrix.ts';

const run = promisify(execFile);
/** `npm run damage` does 500. */
const FLIPS = 16;

/** Damages real backups of the kinds with these names in every way; each a test of its own. */
export function testKinds(names: readonly string[]): void {
  let server: SystemPostgres;
  let place: string;
  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'hf-matrix-'));
    await chmod(place, 0o755);
    server = await startSystemPostgres('15');
    await fillDatabase(server.superuserUrl);
  });
  after(async () => {
    await server.stop();
    await rm(place, { recursive: true, force: true });
  });
  for (const [index, kind] of KINDS.filter(({ name }) => names.includes(name)).entries()) {
    const title = `verify names every damage of a real backup, and nothing else: ${kind.name}`;
    test(title, { timeout: 240_000 }, async t => {
      const backup = await makeReal(place, kind, server.superuserUrl);
      const row = await runMatrix(backup, { flips: FLIPS, seed: index + 1, signal: t.signal });
      assert.deepEqual(row.missed, []);
      assert.equal(row.tallies.flips.made, FLIPS);
      assert.equal(row.tallies.edited.made, 10);
      assert.ok(row.tallies.truncations.made >= 8 && row.tallies.missing.made >= 2);
      for (const { made, found } of Object.values(row.tallies)) assert.equal(found, made);
      if (kind.name === 'physical, files')
        await run(await systemProgram('pg_verifybackup'), [join(backup.root, 'data')]);
      if (kind.name === 'logical, directory')
        await run(await systemProgram('pg_restore'), ['--file=/dev/null', join(backup.root, 'dump')]);
    });
  }
}
