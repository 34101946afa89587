import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findFreePort, SHOP_INJECTIONS, type ShopSystem, startShopSystem } from '@holdfast/testing';
import { type Diagnosis, examine, loadConfig, renderDiagnosis } from '../src/index.ts';
import { assertSchema } from './assert-schema.ts';
import { type DescribedSystem, describeSystem } from './described-system.ts';
import { PATIENTLY } from './examination.ts';

const SECRET = 'a secret of this test alone';

describe('a system that only its configuration describes', () => {
  let stack: ShopSystem;
  let system: DescribedSystem;

  async function diagnose(): Promise<Diagnosis> {
    return examine(await system.resolve(), PATIENTLY);
  }

  before(async () => {
    stack = await startShopSystem();
    await stack.saveDatabase();
    system = await describeSystem({
      url: stack.ownerUrl,
      config: [
        'holdfast.config.ts',
        `import type { DoctorConfig } from '@holdfast/doctor';
       export default {
         name: 'shop',
         database: {
           url: { env: 'SHOP_DATABASE_URL' }, ownerUrl: { env: 'SHOP_OWNER_URL' }, schemas: ['shop'],
           dataDirectory: '${stack.dataDirectory}',
         },
         api: {
           urls: ['${stack.serverUrl}'], proxyUrl: '${stack.proxyUrl}', health: '/v2/status',
           openapi: '${stack.openapi}', publicUrl: 'http://shop.test', origins: ['${stack.origin}'],
           signIn: {
             path: '/v2/session', token: '/data/access_token',
             body: { email: '${stack.account.email}', password: { env: 'SHOP_PROBE_PASSWORD' } },
           },
         },
         environment: { file: '.env', variables: { SHOP_JWT_SECRET: { minLength: 20 } } },
       } satisfies DoctorConfig;`,
      ],
      variables: {
        SHOP_DATABASE_URL: stack.appUrl,
        SHOP_OWNER_URL: stack.ownerUrl,
        SHOP_PROBE_PASSWORD: stack.account.password,
      },
      files: { '.env': `SHOP_JWT_SECRET='${SECRET}'\n` },
    });
  });

  after(async () => {
    await stack.close();
    await system.remove();
  });

  it('is healthy, and nothing of Holdfast is needed in it', async () => {
    const diagnosis = await diagnose();
    assert.deepEqual([diagnosis.rootCauses, diagnosis.unexplained, diagnosis.undecided], [[], [], []]);
    assert.ok(['healthy', 'degraded'].includes(diagnosis.status), diagnosis.headline);
    assertSchema(diagnosis);
    assert.ok(diagnosis.checks.some(({ id, outcome }) => id === 'schema.tables' && outcome === 'pass'));
    assert.ok(diagnosis.checks.some(({ id, outcome }) => id === 'api.schema' && outcome === 'pass'));
    for (const secret of [SECRET, stack.account.password, new URL(stack.appUrl).password])
      assert.ok(!JSON.stringify(diagnosis).includes(secret));
  });

  it('is blamed for nothing when the time of the examination is over', async () => {
    const target = await system.resolve();
    for (let timeoutMs = 1; timeoutMs < 3_000; timeoutMs = Math.ceil(timeoutMs * 1.25)) {
      const diagnosis = await examine(target, { timeoutMs });
      const { rootCauses, unexplained, undecided, notExamined, status } = diagnosis;
      assert.deepEqual([rootCauses, unexplained, undecided], [[], [], []], `after ${timeoutMs} ms`);
      const late = notExamined.some(({ outOfTime }) => outOfTime);
      assert.equal(['healthy', 'degraded'].includes(status), !late, `${timeoutMs} ms: ${diagnosis.headline}`);
    }
  });

  for (const [kind, make] of Object.entries(SHOP_INJECTIONS)) {
    it(`${kind} is named, and nothing else`, async () => {
      const { name, expected, inject, heal } = make(stack, ([first]) => first as never);
      await inject();
      try {
        const { rootCauses, unexplained, undecided } = await diagnose();
        const { also = [], ...one } = expected;
        assert.deepEqual(
          rootCauses.map(({ code, layer, subject }) => `${layer} ${code} ${subject}`).toSorted(),
          [one.subject, ...also].map(subject => `${one.layer} ${one.code} ${subject}`).toSorted(),
          name,
        );
        assert.deepEqual([unexplained, undecided], [[], []]);
        if (one.code === 'wrong_database_password')
          assert.match(rootCauses[0]?.left ?? '', /^the role \S+ may not set it; as a superuser/);
      } finally {
        await heal();
      }
    });
  }

  async function assertBothNamed(kinds: readonly string[]): Promise<void> {
    const both = kinds.map(kind => SHOP_INJECTIONS[kind]?.(stack, ([first]) => first as never));
    try {
      for (const fault of both) await fault?.inject();
      const { rootCauses, unexplained, undecided } = await diagnose();
      assert.deepEqual(
        rootCauses.map(({ code, subject }) => `${code} ${subject}`).toSorted(),
        both.map(fault => `${fault?.expected.code} ${fault?.expected.subject}`).toSorted(),
      );
      assert.deepEqual([unexplained, undecided], [[], []]);
    } finally {
      for (const fault of both.toReversed()) await fault?.heal();
    }
  }

  for (const [one, other] of [
    ['roleExpired', 'roleReadOnly'],
    ['databaseReadOnly', 'roleExpired'],
  ] as const) {
    it(`${one} and ${other}: both are named, though the role gets no session`, () =>
      assertBothNamed([one, other]));
  }

  for (const [beneath, own] of [
    ['databaseReadOnly', 'routeBroken'],
    ['roleStatementTimeout', 'signInRefused'],
  ] as const) {
    it(`${own} above ${beneath}: the cause beneath, and that it hides whether there is another`, async () => {
      const both = [beneath, own].map(kind => SHOP_INJECTIONS[kind]?.(stack, ([first]) => first as never));
      try {
        for (const fault of both) await fault?.inject();
        const diagnosis = await diagnose();
        assert.deepEqual(
          diagnosis.rootCauses.map(({ code }) => code),
          [both[0]?.expected.code],
        );
        const hidden = diagnosis.notExamined.find(({ check }) => check === 'api.alone');
        assert.match(hidden?.why ?? '', /^whether the API has a fault of its own as well shows when/);
        assert.match(
          renderDiagnosis(diagnosis),
          /^Not seen .*whether the API has a fault of its own as well/m,
        );
      } finally {
        for (const fault of both.toReversed()) await fault?.heal();
      }
    });
  }

  it('a slow operation is not put down to an invalid index of a table that is read in no time', () =>
    assertBothNamed(['indexInvalid', 'slowRoute']));

  it('an operation that fails through the proxy, where nothing else is known: it cannot tell whose fault that is', async () => {
    const { inject, heal } = SHOP_INJECTIONS.proxyGivesUp?.(stack, ([first]) => first as never) ?? {};
    const { api, ...target } = await system.resolve();
    await inject?.();
    try {
      const diagnosis = await examine({ ...target, api: { ...api, urls: [] } }, PATIENTLY);
      assert.deepEqual([diagnosis.rootCauses, diagnosis.unexplained], [[], []]);
      const [{ alternatives = [], separatedBy = [] } = {}] = diagnosis.undecided;
      assert.deepEqual(alternatives.map(side => side.map(({ code }) => code).join('+')).toSorted(), [
        'operation_fails',
        'proxy_gives_up',
      ]);
      assert.deepEqual(
        separatedBy.map(({ check }) => check),
        ['api.alone', 'proxy.failures'],
      );
    } finally {
      await heal?.();
    }
  });

  it('a trigger that calls another function than before is a weakness, with what to type', async () => {
    await stack.asSuperuser(db =>
      db.script(`create or replace function shop.lower_email() returns trigger language plpgsql
        as $$ begin new.email := lower(trim(new.email)); return new; end $$`),
    );
    try {
      const diagnosis = await diagnose();
      assert.deepEqual([diagnosis.rootCauses, diagnosis.unexplained, diagnosis.undecided], [[], [], []]);
      assert.equal(diagnosis.status, 'degraded');
      assert.match(
        renderDiagnosis(diagnosis),
        /the function shop\.lower_email\(\) is not the expected one, and the trigger shop\.customers\.customers_email_lowered may do/,
      );
    } finally {
      await stack.restoreDatabase();
    }
  });

  it('rows that a policy hides from the doctor itself are not taken for lost', async () => {
    const { inject, heal } = SHOP_INJECTIONS.rowSecurityEnabled?.(stack, items => items[1] as never) ?? {};
    const { database, ...target } = await system.resolve();
    await inject?.();
    try {
      const { rootCauses } = await examine({ ...target, database: { ...database, ownerUrl: undefined } });
      assert.deepEqual(
        rootCauses.map(({ code, subject }) => `${code} ${subject}`),
        ['row_security_changed table:shop.reviews'],
      );
    } finally {
      await heal?.();
    }
  });

  it('what is accepted is no finding', async () => {
    const { inject, heal } = SHOP_INJECTIONS.typeDrift?.(stack, ([first]) => first as never) ?? {};
    const { api, ...target } = await system.resolve();
    assert.ok(inject && heal && api.conformance);
    await inject();
    try {
      const withAccepted = async (accepted: readonly string[]): Promise<number> => {
        const conformance = { ...(api.conformance as NonNullable<typeof api.conformance>), accepted };
        return (await examine({ ...target, api: { ...api, conformance } })).rootCauses.length;
      };
      assert.equal(await withAccepted(['body_schema GET /v2/products']), 1);
      assert.equal(await withAccepted(['body_schema']), 0);
    } finally {
      await heal();
    }
  });

  it('is healthy again after all that', async () => {
    const { rootCauses, unexplained, undecided } = await diagnose();
    assert.deepEqual([rootCauses, unexplained, undecided], [[], [], []]);
  });

  it('a snapshot that is damaged is named, and what the database itself knows is examined', async () => {
    const path = join(system.directory, 'holdfast.snapshot.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, '{');
    try {
      const { rootCauses } = await diagnose();
      assert.deepEqual(
        rootCauses.map(({ code }) => code),
        ['snapshot_unusable'],
      );
      assert.match(rootCauses[0]?.mechanism ?? '', /[^.]\)\.$/);
    } finally {
      await writeFile(path, text);
    }
  });

  it('a database that is gone is not taken for a Holdfast that is', async () => {
    const nowhere = `postgresql://shop@127.0.0.1:${await findFreePort()}/shop`;
    const target = await system.resolve({ SHOP_DATABASE_URL: nowhere });
    const gone = await examine({
      ...target,
      database: { ...target.database, dataDirectory: system.directory },
    });
    assert.deepEqual(
      gone.rootCauses.map(({ code, confidence }) => `${code} ${confidence}`),
      ['database_stopped certain'],
    );
    assert.match(renderDiagnosis(gone), /--fix` leaves it to you: this PostgreSQL is not ours to start/);
    assert.doesNotMatch(renderDiagnosis(gone), /can do it/);
    assert.match(gone.rootCauses[0]?.left ?? '', /systemctl start postgresql/);
    const unknown = await examine({ ...target, database: { ...target.database, dataDirectory: undefined } });
    const named = unknown.undecided.flatMap(({ alternatives }) =>
      alternatives.flat().map(({ code }) => code),
    );
    assert.deepEqual(named.toSorted(), ['database_stopped', 'database_unreachable']);
  });

  it('a configuration that is not there is said to be missing, by its own path alone', async () => {
    await assert.rejects(
      loadConfig('/nope.ts'),
      ({ message }: Error) => /\/nope\.ts .*no such file/.test(message) && !message.includes('imported from'),
    );
  });

  it('a variable that is still a placeholder is named, and not shown', async () => {
    await writeFile(join(system.directory, '.env'), 'SHOP_JWT_SECRET=changeme\n');
    try {
      const { rootCauses } = await diagnose();
      assert.deepEqual(
        rootCauses.map(({ code, subject }) => [code, subject]),
        [['variable_breaks_rule', 'env:SHOP_JWT_SECRET']],
      );
    } finally {
      await writeFile(join(system.directory, '.env'), `SHOP_JWT_SECRET='${SECRET}'\n`);
    }
  });
});
