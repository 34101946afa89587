import type { DropStmt, IndexStmt, RefreshMatViewStmt, ReindexStmt } from 'libpg-query';
import { find, type KnownRelation, relationNamed } from '../schema/known-schema.ts';
import { nameOfParts, nameOfRelation, partsOf, quoted, quotedName } from '../schema/names.ts';
import { type Hit, inUse, lockOn, type Scope, script, sqlName } from '../scope.ts';

const OUTSIDE = '-- in a file marked transaction:false';
const SHORT_MS = 60_000;

/** CREATE INDEX. */
export function createIndexHits(scope: Scope, statement: IndexStmt): Hit[] {
  const table = relationNamed(scope.schema, nameOfRelation(statement.relation));
  if (!inUse(scope, table)) return [];
  const name = statement.idxname === undefined ? 'The index' : quoted(statement.idxname);
  if (statement.concurrent === true) {
    return [
      ...shortTimeout(scope, name),
      ...(statement.if_not_exists === true ? [ifNotExists(scope, name)] : []),
    ];
  }
  // on the parent alone the index is empty; a table that no migration created may be one
  const mayBeParent = table.kind === 'partitioned' || table.createdIn === undefined;
  if (statement.relation?.inh !== true && mayBeParent) return [];
  const target = sqlName(table);
  const message = `${name} is built under SHARE: writes to ${target} wait until that is done.`;
  const safer =
    table.kind === 'partitioned' ? onPartitions(scope, table) : script(OUTSIDE, concurrently(scope.text));
  return [
    { rule: 'index-not-concurrent', message, safer, lock: lockOn(table, 'SHARE'), work: 'index build' },
  ];
}

function concurrently(text: string): string {
  const named = text.replace(/\bindex\b/i, index => `${index} concurrently`);
  return `${named.replace(/\bif\s+not\s+exists\s+/i, '')};`;
}

function onPartitions({ text }: Scope, table: KnownRelation): string {
  const only = text.replace(/\bon\s+(only\s+)?/i, 'on only ');
  return script(
    '-- on the parent alone, which is empty',
    `${only};`,
    `-- then for each partition P of ${sqlName(table)}, in a file marked transaction:false:`,
    `-- create index concurrently P_idx on P (…); alter index … attach partition P_idx;`,
  );
}

function ifNotExists({ text }: Scope, name: string): Hit {
  const message = `When an earlier attempt was interrupted, ${name} exists but is invalid, and IF NOT EXISTS takes it for done. Holdfast's own runner looks and builds it anew; other tools do not.`;
  const safer = script(
    OUTSIDE,
    `drop index concurrently if exists ${name};`,
    `${text.replace(/\bif\s+not\s+exists\s+/i, '')};`,
  );
  return { rule: 'if-not-exists-concurrently', message, safer, work: 'brief' };
}

function shortTimeout({ timeouts, text }: Scope, name: string): Hit[] {
  return [...timeouts]
    .filter(
      ([setting, ms]) => ['lock_timeout', 'statement_timeout'].includes(setting) && ms > 0 && ms < SHORT_MS,
    )
    .map(([setting, ms]) => ({
      rule: 'timeout-before-concurrently',
      message: `CONCURRENTLY waits for every transaction that is open, so a ${setting} of ${ms} ms ends it as soon as one lasts longer, and ${name} is left behind invalid.`,
      safer: script(`set ${setting} = '30min';`, `${text};`),
      work: 'brief',
    }));
}

/** DROP INDEX. */
export function dropIndexHits(scope: Scope, { objects, concurrent }: DropStmt): Hit[] {
  return (objects ?? []).flatMap(object => {
    const name = nameOfParts(partsOf(object));
    const table = find(scope.schema, scope.schema.indexes, name)?.table;
    if (table !== undefined && !inUse(scope, table)) return [];
    if (concurrent === true) return shortTimeout(scope, quotedName(name));
    const target = table === undefined ? 'its table' : sqlName(table);
    const message = `Takes ACCESS EXCLUSIVE on ${target}: it waits for every query that runs, and all reads and writes queue behind it.`;
    const safer = script(OUTSIDE, `drop index concurrently ${quotedName(name)};`);
    const lock = table === undefined ? {} : { lock: lockOn(table, 'ACCESS EXCLUSIVE') };
    return [{ rule: 'drop-index-not-concurrent', message, safer, ...lock, work: 'brief' } satisfies Hit];
  });
}

/** REINDEX. */
export function reindexHits(scope: Scope, { kind, relation, params, name }: ReindexStmt): Hit[] {
  const concurrent = (params ?? []).some(
    node => 'DefElem' in node && node.DefElem.defname === 'concurrently',
  );
  const table = reindexedTable(scope, { kind, relation });
  if (concurrent || (table !== undefined && !inUse(scope, table))) return [];
  const target = table === undefined ? (relation?.relname ?? name ?? 'everything') : sqlName(table);
  const message = `Rebuilds under SHARE on the table and ACCESS EXCLUSIVE on the index: writes to ${target} wait until that is done, and so does every query that could use the index.`;
  const safer = script(
    OUTSIDE,
    `${scope.text.replace(/^(reindex\s*(?:\([^)]*\))?\s*\w+)/i, '$1 concurrently')};`,
  );
  const lock = table === undefined ? {} : { lock: lockOn(table, 'SHARE') };
  return [{ rule: 'reindex-not-concurrent', message, safer, ...lock, work: 'index build' }];
}

function reindexedTable(
  { schema }: Scope,
  { kind, relation }: Pick<ReindexStmt, 'kind' | 'relation'>,
): KnownRelation | undefined {
  if (relation === undefined) return undefined;
  return kind === 'REINDEX_OBJECT_TABLE'
    ? relationNamed(schema, nameOfRelation(relation))
    : find(schema, schema.indexes, nameOfRelation(relation))?.table;
}

/** REFRESH MATERIALIZED VIEW. */
export function refreshHits(scope: Scope, { relation, concurrent, skipData }: RefreshMatViewStmt): Hit[] {
  const view = relationNamed(scope.schema, nameOfRelation(relation));
  if (concurrent === true || !inUse(scope, view)) return [];
  const target = sqlName(view);
  const message =
    skipData === true
      ? `Empties ${target}; queries of it fail until it is refreshed again.`
      : `Fills ${target} anew under ACCESS EXCLUSIVE: whoever reads it waits until its query has run.`;
  const safer = script(
    '-- once: CONCURRENTLY needs a unique index on columns that identify a row',
    `create unique index on ${target} (…);`,
    `refresh materialized view concurrently ${target};`,
  );
  return [
    {
      rule: 'refresh-not-concurrent',
      message,
      safer,
      lock: lockOn(view, 'ACCESS EXCLUSIVE'),
      work: 'rewrite',
    },
  ];
}
