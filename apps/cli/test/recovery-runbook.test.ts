import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CATALOGUE } from '@holdfast/database/health';
import { CODEBOOK } from '@holdfast/doctor';
import { BACKUP_VERBS } from '../src/backup/verbs.ts';
import { loadCommand } from '../src/commands/index.ts';
import { DAMAGES } from '../src/gameday/damage/damages.ts';
import { GLOBAL_OPTIONS } from '../src/global-options.ts';
import { parseArguments } from '../src/parse-arguments.ts';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/recovery.md', import.meta.url)), 'utf8');

/** Command lines of the page: whole lines of code, and those between backquotes. */
function commandLines(): readonly string[] {
  const lines = PAGE.split('\n').filter(line => line.startsWith('holdfast '));
  const inText = [...PAGE.matchAll(/`(holdfast [^`]+)`/g)].map(([, line]) => line ?? '');
  return [...new Set([...lines, ...inText])];
}

it('every command line of the runbook exists, with its options', async () => {
  const lines = commandLines();
  assert.ok(lines.length > 25, `only ${lines.length} were found`);
  for (const line of lines) {
    const [, name = '', ...args] = line.split(' ');
    const command = await loadCommand(name);
    assert.ok(command !== undefined, `${line}: there is no such command`);
    const { problems, positionals } = parseArguments(args, { ...GLOBAL_OPTIONS, ...command.options });
    assert.deepEqual(problems, [], line);
    assert.ok(positionals.length <= (command.maxPositionals ?? 0), `${line}: too many arguments`);
    const [verb] = positionals;
    if (name === 'backup' && verb !== undefined) assert.ok(Object.hasOwn(BACKUP_VERBS, verb), line);
  }
});

it('every entry, cause and damage that the runbook names exists', () => {
  const entries = new Map(CATALOGUE.map(({ number, id }) => [id, number]));
  const named = [...PAGE.matchAll(/`([a-z-]+)` \((\d+)\)/g)];
  assert.ok(named.length > 12);
  for (const [text, id = '', number] of named) assert.equal(String(entries.get(id)), number, text);
  const codes = new Set(CODEBOOK.map(({ code }) => code));
  for (const [, code = ''] of PAGE.matchAll(/doctor:? `([a-z_]+)/g)) assert.ok(codes.has(code), code);
  const damages = new Set(DAMAGES.map(({ name }) => name));
  for (const [, list = ''] of PAGE.matchAll(/--damage ([a-z,-]+)/g)) {
    for (const name of list.split(',')) assert.ok(name === 'any' || damages.has(name), name);
  }
});
