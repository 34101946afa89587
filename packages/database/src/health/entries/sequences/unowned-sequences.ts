import { defineEntry } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { listSequences, listSequenceUses, type SequenceUse } from './sequence-queries.ts';

export const unownedSequences = defineEntry({
  number: 41,
  id: 'unowned-sequences',
  area: 'sequences',
  title: 'Sequences that no column owns',
  meaning:
    'A column draws from a sequence that does not belong to it: the sequence stays when the table is dropped, goes astray when a single table is dumped, and truncating with restart identity passes it by.',
  quick: false,
  thresholds: { warnSequences: 1 },
  check: async ({ db, server }, { warnSequences }) => {
    const uses = await listSequenceUses(db, server.schemas);
    const owned = new Set(uses.filter(use => use.owned).map(({ sequence }) => sequence));
    const unowned = new Map(
      uses.filter(({ sequence }) => !owned.has(sequence)).map(use => [use.sequence, use]),
    );
    const used = new Set(uses.map(({ sequence }) => sequence));
    // one that no column draws from stands on its own by intention
    const standalone = (await listSequences(db, server.schemas)).filter(({ name }) => !used.has(name)).length;
    const metrics = { unowned_sequences: unowned.size, standalone_sequences: standalone };
    const note =
      standalone > 0
        ? `; ${countText(standalone, 'sequence')} on ${standalone === 1 ? 'its' : 'their'} own`
        : '';
    if (unowned.size < warnSequences) {
      return {
        level: 'ok',
        summary: `every sequence that fills a column belongs to one${note}`,
        metrics,
      };
    }
    const found = [...unowned.values()];
    return {
      level: 'warn',
      summary: `${countText(found.length, 'sequence')} without an owner${note}`,
      ...shownEvidence(
        found.map(({ sequence, table, column }) => ({ sequence, usedBy: `${table}.${column}` })),
      ),
      remedy: remedyFor(found, adopt, 20),
      metrics,
    };
  },
});

function adopt({ sequence, table, column }: SequenceUse): string {
  return `alter sequence ${sequence} owned by ${table}.${column};`;
}
