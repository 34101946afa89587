import type { Diagnosis } from '../../diagnosis.ts';
import { type CheckOutcome, isSighting, type Layer, type Observation } from '../../engine/index.ts';
import type { Block, Cell, Tone } from './document.ts';
import type { Reading } from './readings.ts';

const TONES: Readonly<Record<CheckOutcome['outcome'], Tone>> = {
  pass: 'good',
  fail: 'bad',
  degraded: 'warn',
  blocked: 'plain',
  unknown: 'plain',
};
const WORDS: Readonly<Record<CheckOutcome['outcome'], string>> = {
  pass: 'ok',
  fail: 'failed',
  degraded: 'weak',
  blocked: 'blocked',
  unknown: 'not seen',
};
const MAX_VALUE = 600;
const MAX_ITEMS = 12;

export function outcomeCell(outcome: CheckOutcome['outcome']): Cell {
  return { text: WORDS[outcome], tone: TONES[outcome] };
}

/** Those that failed first, then by id. */
const ORDER: readonly CheckOutcome['outcome'][] = ['fail', 'degraded', 'blocked', 'unknown', 'pass'];

/** Checks of some layers as a table; a sentence where there are none. */
export function checksOf(diagnosis: Diagnosis, layers: readonly Layer[], what: string): Block {
  const checks = diagnosis.checks.filter(({ layer }) => layers.includes(layer));
  if (checks.length === 0) {
    return { kind: 'missing', what, why: 'the doctor had nothing there to look at on this system' };
  }
  return {
    kind: 'table',
    caption: what,
    columns: [{ title: 'Result' }, { title: 'Check' }, { title: 'What was seen' }, { title: 'Rests on' }],
    rows: checks
      .toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome) || a.id.localeCompare(b.id))
      .map(({ id, outcome, title, detail, evidence }) => [
        outcomeCell(outcome),
        `${title} (${id})`,
        detail,
        evidence.join(', '),
      ]),
  };
}

/** How the checks of some layers stand together. */
export function toneOf(diagnosis: Diagnosis, layers: readonly Layer[]): Tone {
  const outcomes = diagnosis.checks
    .filter(({ layer }) => layers.includes(layer))
    .map(({ outcome }) => outcome);
  if (outcomes.includes('fail')) return 'bad';
  if (outcomes.includes('degraded')) return 'warn';
  return outcomes.includes('pass') ? 'good' : 'plain';
}

/** `3 of 12 checks failed; 1 could not be made`. */
export function countChecks(diagnosis: Diagnosis, layers: readonly Layer[]): string {
  const checks = diagnosis.checks.filter(({ layer }) => layers.includes(layer));
  const amount = (...outcomes: readonly string[]) =>
    checks.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const [failed, unseen] = [amount('fail'), amount('blocked', 'unknown')];
  if (checks.length === 0) return 'Nothing there could be examined.';
  const main =
    failed > 0
      ? `${failed} of ${plural(checks.length, 'check')} failed`
      : `${amount('pass')} of ${plural(checks.length, 'check')} passed, none failed`;
  return `${main}${unseen > 0 ? `; ${unseen} could not be made` : ''}.`;
}

export function plural(amount: number, noun: string, nouns = `${noun}s`): string {
  return `${number(amount)} ${amount === 1 ? noun : nouns}`;
}

export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

export function millisecondsText(value: number | null): string {
  if (value === null) return 'not known';
  return value >= 1_000
    ? `${number(Math.round(value / 10) / 100)} s`
    : `${number(Math.round(value * 10) / 10)} ms`;
}

export function timeText(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Blocks from a reading, or the sentence that it is missing and why. */
export function fromReading<T>(
  reading: Reading<T>,
  what: string,
  blocks: (value: T) => readonly Block[],
): Block[] {
  return 'read' in reading ? [...blocks(reading.read)] : [{ kind: 'missing', what, why: reading.missing }];
}

/** What observations show, those that could not be made included. */
export function observationsTable(diagnosis: Diagnosis, ids: readonly string[], caption: string): Block {
  const found = ids.flatMap(id => diagnosis.observations.filter(observation => observation.id === id));
  if (found.length === 0) return { kind: 'missing', what: caption, why: 'no observation of it was made' };
  return {
    kind: 'table',
    caption,
    columns: [{ title: 'Observation' }, { title: 'Of' }, { title: 'What was seen' }],
    rows: found.map(observation => [
      { text: observation.id, code: true },
      observation.subject,
      { text: seenText(observation), code: isSighting(observation) },
    ]),
  };
}

function seenText(observation: Observation): string {
  if (!isSighting(observation)) return `could not look: ${observation.couldNotLook}`;
  const text = Object.entries(observation.saw)
    .map(([name, value]) => `${name}: ${valueText(value)}`)
    .join('; ');
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE - 1)}…`;
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) {
    const shown = value.slice(0, MAX_ITEMS).map(valueText).join(', ');
    const more = value.length - MAX_ITEMS;
    return `[${shown}${more > 0 ? `, and ${more} more` : ''}]`;
  }
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${valueText(inner)}`);
  return `{${fields.join(', ')}}`;
}
