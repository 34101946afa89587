import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CODEBOOK } from '../faults/index.ts';
import { commandsIn, isCommand, isStatement } from './commands-in-text.ts';
import { layOut } from './lay-out.ts';

const found = (text: string) => commandsIn(text).map(([start, end]) => text.slice(start, end));

it('finds the commands in a sentence, and where they end', () => {
  const sentences: readonly (readonly [string, ...string[]])[] = [
    ['Start it: holdfast start. PostgreSQL recovers by itself.', 'holdfast start'],
    ['Again: holdfast start, or holdfast serve when it runs alone.', 'holdfast start', 'holdfast serve'],
    ['holdfast restore --table users shows what would come.', 'holdfast restore --table users'],
    ['Fill it: holdfast restore --table T --mode overwrite.', 'holdfast restore --table T --mode overwrite'],
    ['As of then: holdfast restore --to-time latest); else wait.', 'holdfast restore --to-time latest'],
    ['holdfast restore ID --undo --yes, with the id.', 'holdfast restore ID --undo --yes'],
    ['holdfast keys rotate, which signs nobody out.', 'holdfast keys rotate'],
    [
      'Look: holdfast detailed-health --full --only orphans,duplicates.',
      'holdfast detailed-health --full --only orphans,duplicates',
    ],
    ['holdfast drift --sql writes the statement.', 'holdfast drift --sql'],
    [
      'holdfast drift --snapshot a.json --database-url URL --sql writes them.',
      'holdfast drift --snapshot a.json --database-url URL --sql',
    ],
    ['holdfast rollback to the migration before.', 'holdfast rollback'],
    ['Let it go on: kill -CONT 12. Else: pkill -CONT -P 12.', 'kill -CONT 12', 'pkill -CONT -P 12'],
    ['If so: kill -CONT and its pid.', 'kill -CONT'],
    ['Close it: chmod 600 /srv/keyring.json. The keys are sound.', 'chmod 600 /srv/keyring.json'],
    [
      'See: select state, count(*) from pg_stat_activity group by 1.',
      'select state, count(*) from pg_stat_activity group by 1',
    ],
    ['The keeper of holdfast forwards nothing.'],
  ];
  for (const [text, ...commands] of sentences) assert.deepEqual(found(text), commands, text);
});

it('tells a step that is a command from one that begins with its name', () => {
  assert.ok(isCommand('holdfast restore 1 --table public.users'));
  assert.ok(isCommand('holdfast drift --sql --output x.sql # 3 statements'));
  assert.ok(isCommand("select setval('a', 1);"));
  assert.ok(!isCommand('holdfast migrate will not create it again.'));
  assert.ok(!isCommand('Start it: holdfast start.'));
  assert.ok(isStatement("select setval('a', 1);") && !isStatement('holdfast restore 1'));
});

it('finds a command in every step of the codebook that names one, and never all of a sentence', () => {
  const context = { subject: 'kind:name', outcomes: () => [] };
  const steps = CODEBOOK.flatMap(({ repair }) => repair(context).steps);
  const named = steps.filter(step => /\bholdfast [a-z]/.test(step));
  assert.ok(named.length > 20);
  assert.deepEqual(
    named.filter(step => found(step).length === 0),
    [],
  );
});

it('breaks lines between words, never within a command', () => {
  const layout = { columns: 40, command: (text: string) => `<${text}>`, label: (text: string) => text };
  const text = 'Bring them back: holdfast restore --table users --to-time TIME shows what would come.';
  assert.deepEqual(layOut([{ label: 'Plan', bullet: '1. ', text, instructs: true }], layout), [
    'Plan      1. Bring them back:',
    '             <holdfast restore --table users --to-time TIME>',
    '             shows what would come.',
  ]);
  assert.deepEqual(
    layOut([{ text: 'select a, b  from c where d', verbatim: true }], { ...layout, columns: 20 }),
    ['          select a, b  from c where d'],
  );
});
