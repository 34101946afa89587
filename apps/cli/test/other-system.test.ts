import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '@holdfast/doctor';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { runHoldfast } from './run-holdfast.ts';

const SECRET = 'jwt-0123456789abcdef0123456789abcdef';

async function project(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'hf-project-'));
  t.after(() => rm(cwd, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  return cwd;
}

test('doctor --init, snapshot and doctor find out about a system that they have never seen', async t => {
  const database = await emptyDatabase(t);
  const cwd = await project(t, {
    'package.json': '{ "name": "corner-shop" }',
    '.env': `APP_DATABASE_URL=${database.ownerUrl}\nJWT_SECRET=${SECRET}\nPORT=1\n`,
  });
  const run = (...args: string[]) => runHoldfast(args, { cwd });
  await withOwner(database.ownerUrl, async db => {
    await db.query(sql`create schema shop`);
    await db.query(sql`create table shop.items (id int primary key, name text not null)`);
    await db.query(sql`insert into shop.items select n, 'item ' || n from generate_series(1, 150) n`);
  });

  const written = await run('doctor', '--init');
  assert.equal(written.code, 0, written.stderr);
  const text = await readFile(join(cwd, 'holdfast.config.ts'), 'utf8');
  assert.match(text, /name: 'corner-shop'/);
  assert.match(text, /url: \{ env: 'APP_DATABASE_URL' \}/);
  assert.match(text, /JWT_SECRET: \{ minLength: 32 \}/);
  assert.match(text, /^ {4}\/\/ openapi: /m);
  assert.ok(!text.includes(SECRET) && !text.includes(new URL(database.ownerUrl).password), text);
  const again = await run('doctor', '--init');
  assert.equal(again.code, 2);
  assert.match(again.stderr, /There is a holdfast\.config\.ts here already; it was left as it is/);

  await writeFile(join(cwd, 'holdfast.config.ts'), text.replace(/ {2}api: \{[\s\S]*?\n {2}\},\n/, ''));
  const taken = await run('snapshot', '--json');
  assert.equal(taken.code, 0, taken.stderr);
  assert.equal((JSON.parse(taken.stdout) as { rows: number }).rows, 150);
  const healthy = await run('doctor');
  assert.equal(healthy.code, 0, healthy.stdout + healthy.stderr);

  await withOwner(database.ownerUrl, db => db.query(sql`alter table shop.items drop column name`));
  const found = await run('doctor', '--json');
  assert.equal(found.code, 1, found.stderr);
  const { rootCauses } = JSON.parse(found.stdout) as { rootCauses: { code: string; subject: string }[] };
  assert.deepEqual(
    rootCauses.map(({ code, subject }) => `${code} ${subject}`),
    ['column_missing column:shop.items.name'],
  );
  assert.ok(!found.stdout.includes(SECRET));
});

test('mistakes in a configuration are named with their places, all at once', async t => {
  const cwd = await project(t, {
    'holdfast.config.ts': `export default { databse: {}, api: { urls: [], health: 'health' } };`,
  });
  const { code, stderr } = await runHoldfast(['doctor'], { cwd });
  assert.equal(code, 2);
  for (const place of ['api.urls', 'api.health']) assert.ok(stderr.includes(place), stderr);
  assert.match(stderr, /databse: there is no such member/);
  const none = await project(t, { 'holdfast.config.ts': 'export const shop = {};' });
  const without = await runHoldfast(['doctor'], { cwd: none });
  assert.equal(without.code, 2);
  assert.match(without.stderr, /no default export/);
});

test('a snapshot of nothing is refused, and says what to name', async t => {
  const cwd = await project(t, {});
  const { code, stderr } = await runHoldfast(['snapshot', '--home', join(cwd, 'home')], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /--database-url/);
});

test('doctor --init picks up the frontend, its document, the lock and the logs, and writes a file that is valid', async t => {
  const cwd = await project(t, {
    'package.json': '{ "name": "corner-shop", "dependencies": { "react": "19.0.0" } }',
    'package-lock.json': '{ "lockfileVersion": 3, "packages": { "": { "name": "corner-shop" } } }',
    'openapi.yml': 'openapi: 3.1.0\ninfo: { title: shop, version: "1" }\npaths: {}\n',
  });
  for (const folder of ['src', 'logs']) await mkdir(join(cwd, folder));
  await writeFile(join(cwd, 'src/shop.ts'), 'export const none = 0;\n');
  await writeFile(join(cwd, 'logs/server.log'), '');
  const config = join(cwd, 'holdfast.config.ts');
  const init = async () => {
    await rm(config, { force: true });
    assert.equal((await runHoldfast(['doctor', '--init'], { cwd })).code, 0);
    return readFile(config, 'utf8');
  };
  const text = await init();
  assert.match(text, /frontend: \{ sources: 'src', openapi: 'openapi\.yml' \}/);
  assert.match(text, /^ {4}openapi: 'openapi\.yml',/m);
  assert.match(text, /dependencies: \{ directory: '\.' \}/);
  assert.match(text, /logs: \['logs\/server\.log'\]/);
  assert.deepEqual((await loadConfig(config)).config.frontend, { sources: 'src', openapi: 'openapi.yml' });

  await mkdir(join(cwd, 'web/src'), { recursive: true });
  assert.match(await init(), /sources: 'web\/src'/);
  await rm(join(cwd, 'web'), { recursive: true });
  await writeFile(join(cwd, 'package.json'), '{ "name": "corner-shop" }');
  assert.match(await init(), /\/\/ frontend: \{ sources: 'web\/src', openapi: 'openapi\.yml' \}/);
});

test('doctor --init takes the address and the health check from the document, and the database from the environment', async t => {
  const cwd = await project(t, {});
  const config = join(cwd, 'holdfast.config.ts');
  const init = async (document: object, env: Readonly<Record<string, string>> = {}): Promise<string> => {
    await writeFile(join(cwd, 'openapi.json'), JSON.stringify({ openapi: '3.0.3', ...document }));
    await rm(config, { force: true });
    const { code, stderr } = await runHoldfast(['doctor', '--init'], { cwd, env });
    assert.equal(code, 0, stderr);
    await loadConfig(config);
    return readFile(config, 'utf8');
  };
  const get = { get: { responses: {} } };
  const paths = { '/pets': get, '/pets/{id}/status': get, '/status': get, '/healthz': get };
  const servers = [
    { url: 'https://{tenant}.example.com' },
    { url: 'https://pets.example.com' },
    { url: 'http://127.0.0.1:7399' },
  ];
  const secret = 'postgresql://shop:hidden@127.0.0.1:1/shop';
  const whole = await init({ servers, paths }, { DATABASE_URL: secret });
  assert.match(whole, /urls: \['http:\/\/127\.0\.0\.1:7399'\],$/m);
  assert.match(whole, /\/\/ proxyUrl: 'https:\/\/pets\.example\.com',/);
  assert.match(whole, /health: '\/healthz',$/m);
  assert.match(whole, /^ {4}url: \{ env: 'DATABASE_URL' \},$/m);
  assert.ok(!whole.includes('hidden'));

  await writeFile(join(cwd, '.env'), 'PORT=7400\n');
  const relative = await init({ servers: [{ url: '/api/v1/' }], paths: { '/ping': get } });
  assert.match(relative, /urls: \['http:\/\/127\.0\.0\.1:7400\/api\/v1'\],$/m);
  assert.match(relative, /health: '\/api\/v1\/ping',$/m);
  assert.match(relative, /^ {2}\/\/ database: /m);

  await rm(join(cwd, '.env'));
  const nothing = await init({ paths: { '/pets': get } });
  assert.match(nothing, /:3000'\], \/\/ is this right\?$/m);
  assert.match(nothing, /health: '\/health', \/\/ is this right\?$/m);
});

async function withOwner(url: string, work: (db: Connection) => Promise<unknown>): Promise<void> {
  const db = await connect({ url });
  try {
    await work(db);
  } finally {
    await db.close();
  }
}
