import { defineEntry } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { bytesText, countText, round } from '../../quantity.ts';
import { type IndexFacts, readNullShares } from './index-queries.ts';
import { readAllIndexes } from './read-all-indexes.ts';

/** 30: indexes that mostly hold nulls. */
export const mostlyNullIndex = defineEntry({
  number: 30,
  id: 'mostly-null-index',
  area: 'indexes',
  title: 'Indexes over columns that are mostly null',
  meaning:
    'Nearly every entry of the index is a null, which few queries look for. A partial index without them is a fraction of its size and cheaper to write.',
  quick: false,
  thresholds: { warnPercent: 90, minBytes: 1_048_576 },
  check: async (context, { warnPercent, minBytes }) => {
    const nulls = new Map(
      (await readNullShares(context.db, context.server.schemas, warnPercent / 100)).map(
        ({ table, column, nulls: share }) => [JSON.stringify([table, column]), share],
      ),
    );
    const shareOf = ({ table, columns }: IndexFacts): number =>
      Math.min(...columns.map(column => nulls.get(JSON.stringify([table, column])) ?? 0));
    const found = (await readAllIndexes(context))
      .filter(index => index.ordinary && index.valid && index.predicate === null && index.bytes >= minBytes)
      .filter(
        ({ unique, constraint, attached, partitioned }) =>
          !unique && constraint === null && !attached && !partitioned,
      )
      .map(index => ({ index, percent: round(shareOf(index) * 100, 1) }))
      .filter(({ percent }) => percent >= warnPercent)
      .sort((a, b) => b.index.bytes - a.index.bytes);
    const metrics = { mostly_null_indexes: found.length };
    const [first] = found;
    if (first === undefined) return { level: 'ok', summary: 'none', metrics };
    return {
      level: 'warn',
      summary: `${countText(found.length, 'index', 'indexes')}; ${first.index.name} of ${bytesText(first.index.bytes)} is ${first.percent} % nulls`,
      ...shownEvidence(
        found.map(({ index, percent }) => ({
          index: index.name,
          table: index.table,
          columns: index.columns.join(', '),
          nullPercent: percent,
          bytes: index.bytes,
        })),
      ),
      remedy: `${partialDefinition(first.index)};\n-- then; but keep it when queries look for "is null"\ndrop index concurrently ${first.index.name};`,
      metrics,
    };
  },
});

/** The same index under another name, without the nulls. */
function partialDefinition({ definition, bareName, columns }: IndexFacts): string {
  const name = `"${`${bareName.slice(0, 54)}_present`.replaceAll('"', '""')}"`;
  const head = /^CREATE INDEX (?:"(?:[^"]|"")+"|\S+) /;
  const condition = columns.map(column => `"${column.replaceAll('"', '""')}" is not null`).join(' or ');
  return `${definition.replace(head, () => `create index concurrently ${name} `)} where ${condition}`;
}
