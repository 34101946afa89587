import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { claimScratchDirectory } from '@holdfast/postgres/cluster';
import type { Configuration } from '../env.ts';
import { findScratchPlace, removeScratchOfKilledRuns } from './scratch-place.ts';

/** Above every number that Linux gives. */
const NOBODY = 4_194_305;

test('what any killed command has left is removed, what belongs to a living one stays', async t => {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-scratch-'));
  t.after(() => rm(home, { recursive: true }));
  const settings = { postgresDir: join(home, 'shared') } as Configuration['settings'];
  const { directory } = await findScratchPlace({ home, settings }, 'drill-');
  const parent = dirname(directory);
  assert.ok(parent.startsWith(home), parent);
  const leave = async (name: string, owner: unknown): Promise<void> => {
    await mkdir(join(parent, name, 'data'), { recursive: true });
    await writeFile(join(parent, name, 'owner.json'), JSON.stringify(owner));
  };
  await leave('repair-1', { pid: NOBODY, startedAt: '1' });
  await leave('tables-1', { pid: NOBODY, startedAt: '1' });
  await claimScratchDirectory(join(parent, 'repair-2'));
  await leave('others', {});
  await removeScratchOfKilledRuns({ home, settings });
  assert.deepEqual((await readdir(parent)).toSorted(), ['others', 'repair-2']);
  assert.match(basename(directory), /^drill-[0-9a-f]{8}$/);
});
