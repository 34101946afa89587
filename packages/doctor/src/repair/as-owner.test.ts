import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveOtherTarget } from '../config/other-target.ts';
import type { LoadedConfig } from '../config/read-config.ts';
import type { Target } from '../target.ts';
import { asOwner } from './as-owner.ts';
import type { RepairPlan } from './repair-plan.ts';

const plan: RepairPlan = {
  ...{ risk: 'confirm', effect: 'data', touches: [], undo: 'holdfast restore ID --undo --yes.' },
  steps: [
    {
      what: 'Bring the rows back',
      command: 'holdfast restore b1 --table shop.orders --mode missing --yes',
      action: { kind: 'rows', backup: 'b1', tables: ['shop.orders'], mode: 'missing' },
    },
  ],
};

async function commandsFor(database: LoadedConfig['config']['database']): Promise<string[]> {
  const loaded = { path: '/srv/shop/holdfast.config.json', directory: '/srv/shop', config: { database } };
  const variables = { SHOP_OWNER_URL: 'postgresql://shop_owner:secret@localhost/shop' };
  return commandsOf(asOwner(plan, await resolveOtherTarget(loaded as LoadedConfig, variables)));
}

function commandsOf(told: ReturnType<typeof asOwner>): string[] {
  return 'cannot' in told ? [told.cannot] : [told.undo, ...told.steps.map(({ command }) => command)];
}

test('commands of another system name the variable of its owner, and never the URL', async () => {
  assert.deepEqual(await commandsFor({ url: { env: 'SHOP_URL' }, ownerUrl: { env: 'SHOP_OWNER_URL' } }), [
    'holdfast restore ID --database-url "$SHOP_OWNER_URL" --undo --yes.',
    'holdfast restore b1 --database-url "$SHOP_OWNER_URL" --table shop.orders --mode missing --yes',
  ]);
  assert.deepEqual(
    await commandsFor({
      url: { env: 'SHOP_URL' },
      ownerUrl: 'postgresql://shop_owner:secret@localhost/shop',
    }),
    [
      'holdfast restore ID --database-url OWNER_URL --undo --yes.',
      'holdfast restore b1 --database-url OWNER_URL --table shop.orders --mode missing --yes',
    ],
  );
});

test('those of a Holdfast stay as they are', () => {
  assert.deepEqual(commandsOf(asOwner(plan, {} as Target)), [
    plan.undo,
    ...plan.steps.map(({ command }) => command),
  ]);
});
