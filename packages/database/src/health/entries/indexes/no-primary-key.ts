import { defineEntry } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { readKeylessTables } from './index-queries.ts';

/** 32: tables without a primary key. */
export const noPrimaryKey = defineEntry({
  number: 32,
  id: 'no-primary-key',
  area: 'indexes',
  title: 'Tables without a primary key',
  meaning:
    'Rows cannot be told apart: duplicates stay unnoticed, single rows cannot be repaired or merged back from a backup, and logical replication refuses updates and deletes.',
  quick: false,
  thresholds: { minRows: 0 },
  check: async ({ db, server }, { minRows }) => {
    const tables = (await readKeylessTables(db, server.schemas)).filter(({ rows }) => rows >= minRows);
    const metrics = { tables_without_primary_key: tables.length };
    const [first] = tables;
    if (first === undefined) return { level: 'ok', summary: 'every table has one', metrics };
    return {
      level: 'warn',
      summary: `${countText(tables.length, 'table')}, such as ${first.table}`,
      ...shownEvidence(tables.map(table => ({ ...table }))),
      remedy: first.hasUniqueIndex
        ? `-- ${first.table} has a unique index. When its columns are not null: alter table ${first.table} add primary key using index …;`
        : [
            '-- writes the table anew under an exclusive lock',
            `alter table ${first.table} add column id bigint generated always as identity primary key;`,
            '-- or a key over columns that are there, without the long lock: create unique index concurrently … on … (…), then alter table … add primary key using index …',
          ].join('\n'),
      metrics,
    };
  },
});
