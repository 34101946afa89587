import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { findFreePort } from '@holdfast/testing';
import { auditDependencies, type DependencyAudit, renderAudit } from '../src/dependencies/index.ts';
import { installedOf, lockOf, projectOf, registryOf, type Tree } from './dependencies-fixture.ts';

type Packages = Parameters<typeof lockOf>[1];

const NODE = '22.11.0';

async function audit(
  t: TestContext,
  tree: Tree,
  options: Partial<Parameters<typeof auditDependencies>[0]> = {},
) {
  const directory = await projectOf(t, tree);
  return auditDependencies({ directory, node: NODE, offline: true, ...options });
}

/** A project with its lock, all of it installed, and a file that uses everything. */
function project(root: Record<string, unknown>, packages: Packages, more: Tree = {}): Tree {
  const names = Object.keys({ ...(root.dependencies as object) });
  return {
    'package.json': root,
    'package-lock.json': lockOf(root, packages),
    'src/main.js': names.map(name => `import '${name}';`).join('\n'),
    ...installedOf(Object.fromEntries(Object.entries(packages).filter(([, { link }]) => link !== true))),
    ...more,
  };
}

const told = ({ findings }: DependencyAudit) =>
  findings.map(({ kind, severity, package: name, versions }) =>
    `${severity} ${kind} ${name} ${versions.join(',')}`.trim(),
  );

const SOUND = project(
  {
    name: 'shop',
    engines: { node: '>=22' },
    dependencies: { react: '^19.0.0', left: '1.x' },
    devDependencies: { tool: '2.0.0' },
  },
  {
    'node_modules/react': { version: '19.1.0' },
    'node_modules/left': { version: '1.2.3', peerDependencies: { react: '>=18' }, engines: { node: '>=20' } },
    'node_modules/tool': { version: '2.0.0', dev: true },
    'node_modules/native': { version: '1.0.0', optional: true, os: ['aix'], engines: { node: '>=99' } },
  },
);

describe('an audit of dependencies', () => {
  it('finds nothing in a sound project', async t => {
    const found = await audit(t, SOUND);
    assert.deepEqual([found.status, told(found), found.limits], ['clean', [], []]);
    assert.deepEqual(
      [found.packages, found.lock, found.source, found.manager],
      [4, 'package-lock.json was read', 'lock', 'npm'],
    );
    assert.match(
      renderAudit(found),
      /^shop: no problem in its dependencies\.\n4 packages; .*vulnerabilities not asked: it was not to be asked\.\n$/,
    );
  });

  it('tells copies that are loaded together from copies that are not', async t => {
    const packages: Packages = {
      'node_modules/react': { version: '19.1.0' },
      'node_modules/widget': { version: '1.0.0', dependencies: { react: '^18.0.0' } },
      'node_modules/widget/node_modules/react': { version: '18.3.1' },
      'node_modules/graphql': { version: '16.9.0' },
      'node_modules/codegen': { version: '1.0.0', dev: true, dependencies: { graphql: '^15.0.0' } },
      'node_modules/codegen/node_modules/graphql': { version: '15.8.0', dev: true },
      'node_modules/debug': { version: '4.0.0' },
      'node_modules/widget/node_modules/debug': { version: '3.0.0' },
    };
    const root = {
      name: 'shop',
      dependencies: { react: '^19.0.0', widget: '^1.0.0', graphql: '^16.0.0', debug: '4.0.0' },
      devDependencies: { codegen: '1.0.0' },
    };
    const found = await audit(t, project(root, packages));
    assert.deepEqual(told(found), [
      'problem duplicate react 18.3.1,19.1.0',
      'note duplicate graphql 15.8.0,16.9.0',
    ]);
    assert.deepEqual(found.findings[0]?.where, [
      'node_modules/react',
      'node_modules/widget/node_modules/react',
    ]);
    assert.match(found.findings[0]?.why ?? '', /Invalid hook call/);
  });

  it('lets each workspace have a copy of its own', async t => {
    const one = { name: 'one', version: '1.0.0', dependencies: { pg: '8.0.0' } };
    const two = { name: 'two', version: '1.0.0', dependencies: { pg: '7.0.0' } };
    const both = { name: 'both', version: '1.0.0', dependencies: { one: '1.0.0', two: '1.0.0' } };
    const root = { name: 'shop', workspaces: ['apps/*', '!apps/old'] };
    const linked = (name: string) => ({ [`node_modules/${name}`]: { link: true, resolved: `apps/${name}` } });
    const copies: Packages = {
      'node_modules/pg': { version: '8.0.0' },
      'apps/two/node_modules/pg': { version: '7.0.0' },
    };
    const files = (names: readonly (typeof one | typeof two | typeof both)[]): Tree => ({
      ...project(root, {
        ...copies,
        ...Object.assign(
          {},
          ...names.map(({ name }) => ({
            ...linked(name),
            [`apps/${name}`]: names.find(own => own.name === name),
          })),
        ),
      }),
      ...Object.fromEntries(names.map(own => [`apps/${own.name}/package.json`, own])),
      'src/main.js': 'pg one two',
      'apps/old/package.json': { name: 'old', dependencies: { nowhere: '1.0.0' } },
    });
    const apart = await audit(t, files([one, two]));
    assert.deepEqual(told(apart), ['note duplicate pg 7.0.0,8.0.0']);
    assert.deepEqual(apart.projects, ['.', 'apps/one', 'apps/two']);
    const together = await audit(t, files([both, one, two]));
    assert.deepEqual(told(together), ['problem duplicate pg 7.0.0,8.0.0']);
    assert.match(together.findings[0]?.summary ?? '', /are loaded together by apps\/both\.$/);
  });

  it('compares package.json, lock and what is installed', async t => {
    const packages: Packages = {
      'node_modules/same': { version: '1.0.0' },
      'node_modules/raised': { version: '1.0.0' },
      'node_modules/dropped': { version: '1.0.0' },
      'node_modules/edited': { version: '1.0.0' },
      'node_modules/gone': { version: '1.0.0' },
      'node_modules/other': { version: '1.0.0' },
    };
    const before = {
      name: 'shop',
      dependencies: { same: '1', raised: '^1.0.0', dropped: '1', edited: '^2.0.0', gone: '1', other: '1' },
    };
    const after = {
      name: 'shop',
      dependencies: { same: '1', raised: '^2.0.0', added: '3', edited: '^2.0.0', gone: '1', other: '1' },
    };
    const tree = project(before, packages, {
      'package.json': after,
      'src/main.js': Object.keys(after.dependencies).join(' '),
      'node_modules/other/package.json': { name: 'other', version: '1.0.1' },
      'node_modules/gone/package.json': 'no package any more',
    });
    assert.deepEqual(told(await audit(t, tree)), [
      'problem lock_drift added 3',
      'problem lock_drift dropped',
      'problem lock_drift edited 1.0.0',
      'problem lock_drift raised ^2.0.0',
      'problem not_installed gone 1.0.0',
      'problem installed_drift other 1.0.1,1.0.0',
    ]);
    const { 'node_modules/tool/package.json': _, ...production } = SOUND;
    assert.deepEqual(told(await audit(t, production)), [], 'npm ci --omit=dev is no drift');
  });

  it('tells of peers that are missing or not accepted, and leaves overrides alone', async t => {
    const root = { name: 'shop', dependencies: { react: '19.0.0', old: '1', bare: '1' } };
    const packages: Packages = {
      'node_modules/react': { version: '19.0.0' },
      'node_modules/old': { version: '1.0.0', peerDependencies: { react: '^17.0.0 || ^18.0.0' } },
      'node_modules/bare': {
        version: '1.0.0',
        peerDependencies: { absent: '^1.0.0', maybe: '*' },
        peerDependenciesMeta: { maybe: { optional: true } },
      },
    };
    assert.deepEqual(told(await audit(t, project(root, packages))), [
      'problem peer absent',
      'problem peer react 19.0.0',
    ]);
    const overriding = { ...root, overrides: { old: { react: '19.0.0' } } };
    assert.deepEqual(told(await audit(t, project(overriding, packages))), ['problem peer absent']);
  });

  it('asks whether this Node.js, the promised one, and each other suit the packages', async t => {
    const root = { name: 'shop', engines: { node: '>=18' }, dependencies: { young: '1', aged: '1' } };
    const packages: Packages = {
      'node_modules/young': { version: '1.0.0', engines: { node: '>=22' } },
      'node_modules/aged': { version: '1.0.0', engines: { node: '<20' } },
      'node_modules/tests': { version: '1.0.0', dev: true, engines: { node: '>=24' } },
    };
    const found = await audit(t, project(root, packages));
    assert.deepEqual(found.findings.map(({ severity, summary }) => `${severity}: ${summary}`).sort(), [
      'note: package.json promises Node.js >=18; on 18.0.0 that does not hold for young 1.0.0.',
      'note: tests 1.0.0 needs Node.js >=24, and it would run on 22.11.0.',
      'problem: aged 1.0.0 needs Node.js <20, and it would run on 22.11.0.',
      'problem: young 1.0.0 needs Node.js >=22, and aged 1.0.0 needs <20: no version fits both.',
    ]);
    const own = await audit(t, SOUND, { node: '20.0.0' });
    assert.match(
      own.findings[0]?.summary ?? '',
      /^the project needs Node\.js >=22, and it would run on 20\.0\.0\.$/,
    );
  });

  it('notes what no file mentions, and not what a script or a config does', async t => {
    const root = {
      name: 'shop',
      scripts: { start: 'serve-it --port 1' },
      dependencies: { used: '1', idle: '1', configured: '1', server: '1', peered: '1' },
    };
    const packages: Packages = {
      'node_modules/used': { version: '1.0.0', peerDependencies: { peered: '1' } },
      'node_modules/idle': { version: '1.0.0' },
      'node_modules/configured': { version: '1.0.0' },
      'node_modules/server': { version: '1.0.0', bin: { 'serve-it': 'x.js' } },
      'node_modules/peered': { version: '1.0.0' },
    };
    const more = { 'src/main.js': "import 'used/part';", '.eslintrc.json': { plugins: ['configured'] } };
    assert.deepEqual(told(await audit(t, project(root, packages, more))), ['note unused idle']);
  });

  it('lists what runs scripts on installation', async t => {
    const packages: Packages = { 'node_modules/native': { version: '1.0.0', hasInstallScript: true } };
    const found = await audit(t, project({ name: 'shop', dependencies: { native: '1' } }, packages));
    assert.deepEqual(found.installScripts, [
      { package: 'native', version: '1.0.0', where: 'node_modules/native' },
    ]);
    assert.match(
      renderAudit(found),
      /Run scripts of their own when they are installed\n {2}native 1\.0\.0\n/,
    );
  });
});

describe('lock files that are not read', () => {
  const root = { name: 'shop', dependencies: { here: '1', away: '1' } };
  const installed = {
    'package.json': root,
    'src/main.js': 'here away',
    'node_modules/here/package.json': { name: 'here', version: '1.0.0', scripts: { postinstall: 'x' } },
  };
  const LOCKS: readonly (readonly [string, string, DependencyAudit['manager'], RegExp])[] = [
    [
      'pnpm-lock.yaml',
      "lockfileVersion: '9.0'\n",
      'pnpm',
      /^pnpm-lock\.yaml of pnpm is there and was not read/,
    ],
    ['yarn.lock', '# yarn lockfile v1\n', 'yarn-classic', /^yarn\.lock of yarn-classic is there/],
    ['yarn.lock', '__metadata:\n  version: 8\n', 'yarn-berry', /^yarn\.lock of yarn-berry is there/],
    ['bun.lock', '{}', 'bun', /^bun\.lock of bun is there/],
    [
      'package-lock.json',
      '{"lockfileVersion":1,"dependencies":{}}',
      'npm',
      /^package-lock\.json was not read: it has version 1/,
    ],
  ];
  for (const [file, text, manager, words] of LOCKS) {
    it(`${file} of ${manager}: what is installed is read instead`, async t => {
      const found = await audit(t, { ...installed, [file]: text });
      assert.deepEqual([found.manager, found.source], [manager, 'installed']);
      assert.match(found.lock, words);
      assert.deepEqual(told(found), ['problem not_installed away 1']);
      assert.deepEqual(
        found.installScripts.map(({ package: name }) => name),
        ['here'],
      );
      assert.ok(found.limits.includes('Whether package.json and the lock agree was not looked at.'));
    });
  }

  it('follows the links of pnpm, and sees several versions in its store', async t => {
    const directory = await projectOf(t, {
      'package.json': { name: 'shop', dependencies: { react: '19' } },
      'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
      'src/main.js': 'react',
      'node_modules/.pnpm/react@19.1.0/node_modules/react/package.json': { name: 'react', version: '19.1.0' },
      'node_modules/.pnpm/react@18.3.1/node_modules/react/package.json': { name: 'react', version: '18.3.1' },
    });
    await symlink('.pnpm/react@19.1.0/node_modules/react', join(directory, 'node_modules/react'));
    const found = await auditDependencies({ directory, node: NODE, offline: true });
    assert.deepEqual(told(found), ['problem duplicate react 18.3.1,19.1.0']);
  });

  it('with nothing installed either, no version is known and nothing is claimed', async t => {
    const found = await audit(t, { 'package.json': root, 'yarn.lock': '# yarn lockfile v1\n' });
    assert.deepEqual([found.status, found.source, found.packages], ['incomplete', 'nothing', 0]);
    assert.match(renderAudit(found), /not everything could be looked at/);
  });

  it('broken files are named, and none at all is told', async t => {
    const directory = await projectOf(t, { 'package.json': '{"name": ' });
    await assert.rejects(auditDependencies({ directory, node: NODE }), {
      code: 'usage',
      message: /package\.json is not valid JSON/,
    });
    await writeFile(join(directory, 'package.json'), '{}');
    await writeFile(join(directory, 'package-lock.json'), '[]');
    await assert.rejects(auditDependencies({ directory, node: NODE }), {
      code: 'usage',
      message: /package-lock\.json holds no JSON object/,
    });
    await mkdir(join(directory, 'empty'));
    const empty = auditDependencies({ directory: join(directory, 'empty'), node: NODE });
    await assert.rejects(empty, { code: 'not_found', message: /^There is no package\.json in / });
  });
});

describe('known vulnerabilities', () => {
  const root = { name: 'shop', dependencies: { bad: '^1.0.0', mine: '1' } };
  const tree = project(root, {
    'node_modules/bad': { version: '1.0.0' },
    'node_modules/mine': { version: '1.0.0', resolved: 'https://npm.internal.example/mine/-/mine-1.0.0.tgz' },
  });
  const advisory = (severity: string, range: string) => ({
    ...{
      id: 1,
      url: 'https://example.com/GHSA-1',
      title: 'Reads files',
      severity,
      vulnerable_versions: range,
    },
  });
  const answered = (list: unknown) => ({ status: 200, body: JSON.stringify({ bad: list }) });

  it('are asked of the registry, without names of packages from elsewhere', async t => {
    const registry = await registryOf(
      t,
      answered([advisory('high', '<1.0.5'), advisory('low', '*'), advisory('critical', '<0.9.0')]),
    );
    const found = await audit(t, tree, { offline: false, registry: registry.url });
    assert.deepEqual(registry.asked, [
      { path: '/-/npm/v1/security/advisories/bulk', body: { bad: ['1.0.0'] } },
    ]);
    assert.deepEqual(found.advisories, { asked: true, registry: registry.url, packages: 1, withheld: 1 });
    assert.deepEqual(told(found), ['problem vulnerable bad 1.0.0', 'note vulnerable bad 1.0.0']);
    assert.equal(found.findings[0]?.summary, 'bad 1.0.0 has a known vulnerability (high): Reads files.');
    assert.equal(found.status, 'problems');
  });

  it('are not said to be none by a registry that does not answer the question', async t => {
    const broken = [
      { status: 405, body: '' },
      { status: 500, body: '{}' },
      { status: 200, body: '<html>' },
      { status: 200, body: '[]' },
    ];
    for (const answer of broken) {
      const registry = await registryOf(t, answer);
      const found = await audit(t, tree, { offline: false, registry: registry.url });
      assert.deepEqual([found.status, found.advisories.asked], ['incomplete', false], JSON.stringify(answer));
      assert.ok(!/no problem in its/.test(renderAudit(found)));
    }
    const silent = await registryOf(t, 'hangs');
    const late = await audit(t, tree, { offline: false, registry: silent.url, timeoutMs: 1_000 });
    assert.deepEqual(late.advisories, {
      asked: false,
      wanted: true,
      why: `${silent.url}: it did not answer in time`,
    });
    const nobody = await audit(t, tree, {
      offline: false,
      registry: `http://127.0.0.1:${await findFreePort()}`,
    });
    assert.match(
      nobody.advisories.asked ? '' : nobody.advisories.why,
      /^http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/,
    );
  });

  it('are asked of the registry that the project names', async t => {
    const registry = await registryOf(t, { status: 200, body: '{}' });
    const found = await audit(
      t,
      { ...tree, '.npmrc': `registry=${registry.url}/npm/\n` },
      { offline: false },
    );
    assert.deepEqual(
      registry.asked.map(question => (question as { path: string }).path),
      ['/npm/-/npm/v1/security/advisories/bulk'],
    );
    assert.equal(found.status, 'clean');
  });
});
