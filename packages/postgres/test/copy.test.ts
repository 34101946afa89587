import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { connect, copyLine, sql, sqlState } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';

const database = await emptyDatabase();
const owner = await connect({ url: database.ownerUrl });
await owner.script('create table lines (id int primary key, content text)');
await owner.close();

const IN = sql`copy lines (id, content) from stdin`;

describe('copyIn', () => {
  test('stores every value as it was', async () => {
    const contents = ['tab\tnew\nline\\ \r end', '\\N', '', 'ünïcödé 👩‍💻', null];
    const count = await database.pool.transaction(tx =>
      tx.copyIn(
        IN,
        contents.map((content, id) => `${copyLine([id, content])}\n`),
      ),
    );
    assert.equal(count, 5);
    const rows = await database.pool.many(
      sql<{ content: string | null }>`select content from lines order by id`,
    );
    assert.deepEqual(
      rows.map(({ content }) => content),
      contents,
    );
  });

  test("reports the server's error, and the connection goes on after a rollback", async () => {
    await database.pool.connection(async connection => {
      const failing = connection.transaction(tx => tx.copyIn(IN, ['900\tx\n', 'not a number\ty\n']));
      await assert.rejects(failing, error => sqlState(error) === '22P02');
      assert.equal(await connection.transaction(tx => tx.copyIn(IN, ['900\tx\n'])), 1);
    });
  });

  test('stores nothing when its source fails half-way', async () => {
    const broken = new Error('the input broke off');
    async function* source() {
      yield '901\tx\n';
      throw broken;
    }
    await database.pool.connection(async connection => {
      await assert.rejects(
        connection.copyIn(IN, source()),
        error => error === broken || /broke off/.test(String(error)),
      );
      const found = await connection.many(sql`select from lines where id = 901`);
      assert.equal(found.length, 0);
    });
  });

  test('an error while much is still to be sent does not hang', async () => {
    const many = function* () {
      yield 'wrong\tx\n';
      for (let index = 0; index < 2_000; index += 1) yield `${1_000_000 + index}\t${'x'.repeat(10_000)}\n`;
    };
    const failing = database.pool.transaction(tx => tx.copyIn(IN, many()));
    await assert.rejects(failing, error => sqlState(error) === '22P02');
    assert.equal(database.pool.stats().checkedOut, 0);
  });

  test('takes no parameters', async () => {
    const failing = database.pool.transaction(tx =>
      tx.copyIn(sql`copy lines from stdin where id = ${1}`, []),
    );
    await assert.rejects(failing, error => isHoldfastError(error, 'internal'));
  });

  test('the statement timeout holds for a source that does not end', async () => {
    async function* source() {
      yield '902\tx\n';
      await new Promise(() => undefined);
    }
    const limits = { statementTimeoutMs: 200 };
    const hanging = database.pool.transaction(tx => tx.copyIn(IN, source()), limits);
    await assert.rejects(hanging, error => isHoldfastError(error, 'database_timeout'));
  });
});

describe('copyOut', () => {
  const OUT = sql`copy (select n from generate_series(1, 100000) as n) to stdout`;

  test('yields everything, and statements after it wait their turn', async () => {
    await database.pool.connection(async connection => {
      const reading = async () => {
        let text = '';
        for await (const chunk of connection.copyOut(OUT)) text += chunk.toString();
        return text.split('\n').length - 1;
      };
      const count = reading();
      const one = connection.one(sql<{ one: number }>`select 1 as one`);
      assert.equal(await count, 100_000);
      assert.equal((await one).one, 1);
    });
  });

  test('whoever stops early ends the connection, not the process or the pool', async () => {
    await assert.rejects(
      database.pool.transaction(async tx => {
        for await (const _ of tx.copyOut(OUT)) break;
        await tx.one(sql`select 1`);
      }),
      error => isHoldfastError(error, 'database_unavailable'),
    );
    assert.equal((await database.pool.one(sql<{ one: number }>`select 1 as one`)).one, 1);
  });

  test("reports the server's error", async () => {
    await database.pool.connection(async connection => {
      const reading = async () => {
        for await (const _ of connection.copyOut(sql`copy (select 1/0) to stdout`));
      };
      await assert.rejects(reading(), error => sqlState(error) === '22012');
      assert.equal((await connection.one(sql<{ one: number }>`select 1 as one`)).one, 1);
    });
  });
});
