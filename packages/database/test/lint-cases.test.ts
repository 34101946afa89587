import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { migrationsDirectory } from '@holdfast/database';
import { lintMigrations, readLintSources } from '@holdfast/database/lint';
import { caseSchema, readCases } from './lint-cases.ts';

const schema = await caseSchema();
const dangerous = await readCases('dangerous');
const harmless = await readCases('harmless');

describe('lint on statements whose effect is known', () => {
  it('has at least forty of each kind', () => {
    assert.ok(dangerous.length >= 40, String(dangerous.length));
    assert.ok(harmless.length >= 40, String(harmless.length));
  });

  for (const { source, rules } of [...dangerous, ...harmless]) {
    it(`${source.file}: ${rules.join(', ') || 'nothing'}`, async () => {
      const { findings } = await lintMigrations([schema, source], new Set([source.file]));
      assert.deepEqual(findings.map(({ rule }) => rule).sort(), [...rules].sort());
    });
  }

  it('finds nothing in the migrations of Holdfast itself', async () => {
    const { findings, files } = await lintMigrations(await readLintSources(migrationsDirectory()));
    assert.deepEqual(findings, []);
    assert.ok(files >= 5);
  });
});
