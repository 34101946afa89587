import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isHoldfastError, newId } from '@holdfast/core';
import { type JournalEntry, journalPath, openFileJournal, readJournal } from './revocation-journal.ts';

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-journal-'));
});
after(() => rm(home, { recursive: true }));

const entry = (): JournalEntry => ({ at: new Date().toISOString(), sessionId: newId(), reason: 'logout' });

test('entries are read back in the order of writing, across reopening', async () => {
  const path = journalPath(home);
  assert.deepEqual(await readJournal(path), { entries: [], damaged: 0 });
  const written = [entry(), entry(), entry()];
  for (const item of written) {
    const journal = openFileJournal(path);
    await journal.append([item]);
    await journal.close();
  }
  assert.deepEqual(await readJournal(path), { entries: written, damaged: 0 });
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('many appends at once are all kept', async () => {
  const path = join(home, 'many.ndjson');
  const journal = openFileJournal(path);
  const batches = Array.from({ length: 500 }, () => [entry(), entry()]);
  await Promise.all(batches.map(batch => journal.append(batch)));
  await journal.close();
  assert.deepEqual((await readJournal(path)).entries, batches.flat());
});

test('a line that a crash cut off costs only itself', async () => {
  const path = join(home, 'cut.ndjson');
  const [first, second] = [entry(), entry()];
  await appendFile(path, `${JSON.stringify(first)}\n${JSON.stringify(entry()).slice(0, 40)}`);
  const journal = openFileJournal(path);
  await journal.append([second]);
  await journal.close();
  assert.deepEqual(await readJournal(path), { entries: [first, second], damaged: 1 });
  assert.equal((await readFile(path, 'utf8')).split('\n').length, 4);
});

test('a journal that cannot be written says so and works again afterwards', async () => {
  const journal = openFileJournal('/dev/null/journal.ndjson');
  await assert.rejects(journal.append([entry()]), (error: unknown) =>
    isHoldfastError(error, 'journal_unavailable'),
  );
  await assert.rejects(journal.append([entry()]), (error: unknown) =>
    isHoldfastError(error, 'journal_unavailable'),
  );
  await journal.close();
});
