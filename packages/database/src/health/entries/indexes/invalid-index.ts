import { defineEntry, type Evidence } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { type IndexFacts, readIndexes } from './index-queries.ts';

/** What reindex concurrently names its new and old indexes until it is done (PostgreSQL manual, REINDEX). */
const LEFTOVER = /_cc(new|old)\d*$/;

/** 27: indexes that are there and not used, because building them did not succeed. */
export const invalidIndex = defineEntry({
  number: 27,
  id: 'invalid-index',
  area: 'indexes',
  title: 'Invalid indexes and leftovers of failed builds',
  meaning:
    'A concurrent build failed and left the index behind: no query uses it, every write pays for it, a unique one lets duplicates in, and "if not exists" believes that it is there.',
  quick: true,
  thresholds: {},
  check: async ({ db, server }) => {
    const broken = (await readIndexes(db, server, 'broken')).filter(({ building }) => !building);
    const metrics = { invalid_indexes: broken.length };
    const [first] = broken;
    if (first === undefined) return { level: 'ok', summary: 'none', metrics };
    const unique = broken.some(index => index.unique && !LEFTOVER.test(index.bareName));
    return {
      level: unique ? 'critical' : 'warn',
      summary: `${countText(broken.length, 'index', 'indexes')}, such as ${first.name} on ${first.table}`,
      ...shownEvidence(broken.map(describe)),
      remedy: broken.slice(0, 5).map(remedyFor).join('\n'),
      metrics,
    };
  },
});

function describe({ name, table, valid, ready, live, unique, bareName, partitioned }: IndexFacts): Evidence {
  const leftover = LEFTOVER.test(bareName);
  const kind = leftover
    ? 'leftover of reindex concurrently'
    : partitioned
      ? 'partitions without it'
      : 'failed build';
  return { index: name, table, kind, valid, ready, live, unique };
}

function remedyFor({ name, bareName, live, partitioned, unique }: IndexFacts): string {
  if (partitioned) {
    return `-- build it on every partition that lacks it, and attach each: alter index ${name} attach partition …`;
  }
  if (LEFTOVER.test(bareName) || !live) return `drop index concurrently ${name};`;
  return `reindex index concurrently ${name};${unique ? ' -- fails on duplicates: remove them first' : ''}`;
}
