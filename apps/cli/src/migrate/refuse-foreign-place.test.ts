import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { refuseForeignPlace } from './refuse-foreign-place.ts';

it('lets those in who stand in the checkout, however they came there', async t => {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-place-'));
  t.after(() => rm(root, { recursive: true }));
  const own = join(root, 'checkout', 'migrations');
  await mkdir(own, { recursive: true });
  await mkdir(join(root, 'checkout', '..packages'));
  await mkdir(join(root, 'checkout-of-another'));
  await symlink(join(root, 'checkout'), join(root, 'link'));
  for (const inside of ['checkout', 'checkout/migrations', 'checkout/..packages', 'link']) {
    assert.doesNotThrow(() => refuseForeignPlace(own, join(root, inside), 'a'), inside);
  }
  for (const outside of ['.', 'checkout-of-another']) {
    assert.throws(
      () => refuseForeignPlace(own, join(root, outside), 'a'),
      /--migrations db\/migrations$/,
      outside,
    );
  }
});
