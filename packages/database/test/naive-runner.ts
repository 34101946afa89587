import { type Connection, sql, sqlState } from '@holdfast/postgres';

/** Files by name, as in a directory. */
export type NaiveFiles = Readonly<Record<string, string>>;

/** The table that the runner everybody writes first keeps: which versions were run, and nothing else. */
export async function naiveLedger(db: Connection): Promise<void> {
  await db.script('create table if not exists naive_ledger (version text primary key)');
}

/** What is not in that table, in the order of names. */
export async function naivePending(db: Connection, files: NaiveFiles): Promise<string[]> {
  const rows = await db.many(sql<{ version: string }>`select version from naive_ledger`);
  const applied = new Set(rows.map(({ version }) => version));
  return Object.keys(files)
    .sort()
    .filter(file => !applied.has(file));
}

/** Sends a file as it is; in a transaction with its note unless it says transaction:false, then with the note after it. */
export async function naiveApply(db: Connection, file: string, content: string): Promise<void> {
  const note = `insert into naive_ledger values ('${file}')`;
  const [up = ''] = content.split('-- migrate:down');
  if (content.includes('transaction:false')) {
    for (const statement of up.split(';')) await db.script(statement);
    await db.script(note);
    return;
  }
  await db.script('begin');
  try {
    await db.script(up);
    await db.script(`${note}; commit`);
  } catch (error) {
    await db.script('rollback');
    throw error;
  }
}

/** The whole runner: what is pending, one after the other, on one session. */
export async function naiveUp(db: Connection, files: NaiveFiles): Promise<void> {
  await naiveLedger(db);
  for (const file of await naivePending(db, files)) await naiveApply(db, file, files[file] ?? '');
}

/** The SQLSTATE that a promise is rejected with; `fulfilled` when it is not. */
export async function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'fulfilled',
    (error: unknown) => sqlState(error) ?? String(error),
  );
}
