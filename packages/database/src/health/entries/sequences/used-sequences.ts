import { defineEntry } from '../../entry.ts';
import { levelAbove, remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { readSequences, type Sequence } from './read-sequences.ts';

interface Use {
  readonly sequence: Sequence;
  readonly usedPercent: number;
}

export const usedSequences = defineEntry({
  number: 39,
  id: 'used-sequences',
  area: 'sequences',
  title: 'Sequences near their end',
  meaning:
    'When a sequence has given its last value, every insert that draws from it fails. Changing the type of a large key takes preparation: begin before the end is near.',
  quick: true,
  thresholds: { warnPercent: 75, urgentPercent: 85, criticalPercent: 95 },
  check: async ({ db, server }, { warnPercent, urgentPercent, criticalPercent }) => {
    const sequences = await readSequences(db, server.schemas);
    const hidden = sequences.filter(({ readable }) => !readable).length;
    if (sequences.length > 0 && hidden === sequences.length) {
      return { level: 'skipped', why: `${server.user} may not read any sequence` };
    }
    // one that cycles begins again
    const uses = sequences
      .filter(({ cycle }) => !cycle)
      .map(sequence => ({ sequence, usedPercent: usedPercent(sequence) }))
      .toSorted((a, b) => b.usedPercent - a.usedPercent);
    const most = uses[0]?.usedPercent ?? 0;
    const near = uses.filter(use => use.usedPercent >= warnPercent);
    const urgent = uses.filter(use => use.usedPercent >= urgentPercent).length;
    const metrics = { most_used_percent: most, near_end_sequences: near.length };
    const note = hidden > 0 ? `; ${hidden} cannot be read by ${server.user}` : '';
    const first = near[0];
    if (first === undefined) {
      const summary = `the most used of ${countText(sequences.length, 'sequence')} is at ${percent(most)}${note}`;
      return { level: 'ok', summary, metrics };
    }
    return {
      level: levelAbove(most, warnPercent, criticalPercent),
      summary: `${first.sequence.name} is at ${percent(most)}; ${near.length} above ${warnPercent}%, ${urgent} above ${urgentPercent}%${note}`,
      ...shownEvidence(near.map(toEvidence)),
      remedy: remedyFor(near, widen),
      metrics,
    };
  },
});

function usedPercent({ lastValue, minimum, maximum, increment }: Sequence): number {
  if (lastValue === null) return 0;
  const [last, low, high] = [BigInt(lastValue), BigInt(minimum), BigInt(maximum)];
  const used = BigInt(increment) > 0n ? last - low : high - last;
  const all = high - low;
  // hundredths of a percent
  return all === 0n ? 100 : Number((used * 10_000n) / all) / 100;
}

function toEvidence({ sequence, usedPercent }: Use) {
  return {
    sequence: sequence.name,
    usedPercent,
    lastValue: sequence.lastValue,
    maximum: BigInt(sequence.increment) > 0n ? sequence.maximum : sequence.minimum,
    type: sequence.type,
  };
}

function widen({ sequence }: Use): string {
  const { name, type, increment } = sequence;
  if (type === 'bigint') {
    const bound = BigInt(increment) > 0n ? 'no maxvalue' : 'no minvalue';
    return `alter sequence ${name} ${bound}; -- if it has a bound of its own; else somebody set it too far: select setval to the highest key in use`;
  }
  return `alter sequence ${name} as bigint; -- and the column that it fills: see narrow-keys`;
}

function percent(value: number): string {
  return `${value}%`;
}
