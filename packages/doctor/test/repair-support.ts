import assert from 'node:assert/strict';
import { systemClock } from '@holdfast/core';
import { type DatabaseContent, readContent } from '@holdfast/database/backup';
import type { BackupFacts } from '@holdfast/database/health';
import type { Stack } from '@holdfast/testing';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  examine,
  REPAIR_SCHEMA,
  type RepairOptions,
  type RepairReport,
  type RepairTools,
  repair,
  resolveTarget,
  type Target,
} from '../src/index.ts';
import { addressesOf } from '../src/repair/addresses.ts';
import { carryOut, takeBack } from '../src/repair/carry-out.ts';
import { planRepairs } from '../src/repair/plan-repairs.ts';

const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(REPAIR_SCHEMA);

/** The saved database of a stack, as a backup that is always alive. */
const SAVED = 'holdfast_saved';

export function resolveStack(stack: Stack, backups?: Target['backups']): () => Promise<Target> {
  return async () => resolveTarget({ home: stack.home, settings: await stack.settings(), backups });
}

/** What `holdfast doctor --fix --yes` does, with the saved database in the place of backups. */
export async function fix(stack: Stack, options: Partial<RepairOptions> = {}): Promise<RepairReport> {
  const facts = await savedFacts(stack);
  const resolve = resolveStack(stack, async () => [lasting(facts)]);
  const target = await resolve();
  const report = await repair(target, await examine(target), {
    mode: 'apply',
    stateDirectory: stack.home,
    consent: async () => true,
    resolve,
    ...options,
    tools: { ...savedTools(stack, facts), ...options.tools },
  });
  assert.ok(validate(JSON.parse(JSON.stringify(report))), JSON.stringify(validate.errors));
  return report;
}

/**
 * Carries out what is planned, and takes it back as if it had not helped.
 * @returns what `look` saw in between
 */
export async function carryOutAndTakeBack<T>(stack: Stack, look: () => Promise<T>): Promise<T> {
  const target = await resolveStack(stack)();
  const at = new Date().toISOString();
  const { repairs, left } = await planRepairs({
    ...{ target, diagnosis: await examine(target), tools: {}, runId: 'taken-back', at },
  });
  assert.deepEqual(left, []);
  const works = await Promise.all(
    repairs.map(async item => ({
      ...{ addresses: await addressesOf(target), tools: {}, repair: item, clock: systemClock },
      ...{ signal: new AbortController().signal, save: async () => undefined },
      onProgress: () => undefined,
    })),
  );
  for (const work of works) await carryOut(work);
  assert.deepEqual([...new Set(repairs.map(({ phase }) => phase))], ['applied'], JSON.stringify(repairs));
  const seen = await look();
  for (const work of works) await takeBack(work);
  assert.deepEqual([...new Set(repairs.map(({ phase }) => phase))], ['undone'], JSON.stringify(repairs));
  return seen;
}

/** The tools of a system whose one backup is the saved database. */
export function savedTools(stack: Stack, facts: BackupFacts): RepairTools {
  let made = 0;
  return {
    backup: async () => {
      made += 1;
      return `before-${made}`;
    },
    backups: async () => [facts],
    openBackup: async () => ({
      label: 'saved',
      urlOf: () => inDatabase(stack.cluster.superuserUrl, SAVED),
      discard: async () => undefined,
    }),
    version: 'test',
  };
}

export async function savedFacts(stack: Stack): Promise<BackupFacts> {
  const { tables } = await contentOf(stack, SAVED);
  return {
    id: 'saved',
    createdAt: new Date().toISOString(),
    bytes: 1,
    tables: tables.flatMap(({ schema, name, rows, checksum }) =>
      checksum === null ? [] : [{ schema, name, rows, checksum }],
    ),
  };
}

const PASSING = new Set(['sessions', 'refresh_tokens', 'login_attempts', 'one_time_tokens']);

function lasting(facts: BackupFacts): BackupFacts {
  return { ...facts, tables: facts.tables.filter(({ name }) => !PASSING.has(name)) };
}

/** What a database of a stack holds. */
export function contentOf(stack: Stack, database = 'holdfast'): Promise<DatabaseContent> {
  return readContent({
    url: inDatabase(stack.cluster.superuserUrl, database),
    jobs: 1,
    holds: 'physical',
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

/** The tables whose rows are not what they are in the saved database. */
export async function changedTables(stack: Stack): Promise<string[]> {
  const [now, saved] = await Promise.all([contentOf(stack), contentOf(stack, SAVED)]);
  const before = new Map(saved.tables.map(table => [`${table.schema}.${table.name}`, table.checksum]));
  return now.tables
    .filter(({ schema, name, checksum }) => before.get(`${schema}.${name}`) !== checksum)
    .map(({ schema, name }) => `${schema}.${name}`);
}

function inDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
