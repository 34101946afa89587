import assert from 'node:assert/strict';
import { it } from 'node:test';
import { diffCatalogs, reconcile } from '@holdfast/database/drift';
import { connect, readCatalog } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';

it('a foreign table that is missing is made again without a replica identity', async t => {
  const { superuserUrl } = await emptyDatabase(t);
  const db = await connect({ url: superuserUrl });
  t.after(() => db.close());
  const read = () => readCatalog(db, { schemas: ['public'] });
  await db.script(`
    create foreign data wrapper elsewhere; create server far foreign data wrapper elsewhere;
    create foreign table distant (id int, name text) server far`);
  const expected = await read();
  await db.script('drop foreign table distant');
  for (const statement of reconcile({ expected, live: await read() }).statements) await db.script(statement);
  assert.deepEqual(diffCatalogs({ expected, live: await read() }).differences, []);
});
