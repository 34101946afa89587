import { type Difference, type Drift, type PropertyValue, valueText } from '@holdfast/database/drift';
import type { Terminal } from '../terminal.ts';

const SHOWN_CONSEQUENCES = 5;
const SIGNS = { missing: '-', unexpected: '+', changed: '~' } as const;
const COLORS = { missing: 'red', unexpected: 'yellow', changed: 'cyan' } as const;

/** The differences for people: what is missing with `-`, unexpected with `+`, changed with `~`. */
export function renderDrift(
  { differences, notes, compared }: Drift,
  against: string,
  terminal: Terminal,
): string {
  const count = differences.length;
  const headline =
    count === 0
      ? terminal.style('green', `No drift: ${compared} objects are as in ${against}.`)
      : `${count} ${count === 1 ? 'difference' : 'differences'} from ${against}:`;
  return [
    headline,
    ...differences.map(difference => renderDifference(difference, terminal)),
    ...notes.map(note => terminal.style('dim', `note: ${note}`)),
  ].join('\n');
}

function renderDifference(difference: Difference, terminal: Terminal): string {
  const { kind, type, name, property } = difference;
  const title = `${SIGNS[kind]} ${type} ${name}${property === null ? ` is ${kind}` : `: ${property}`}`;
  return [
    terminal.style(COLORS[kind], title),
    ...(property === null ? [] : valueLines(difference, terminal)),
    ...consequenceLines(difference),
  ].join('\n');
}

function valueLines({ expected, live }: Difference, terminal: Terminal): string[] {
  const [wanted, found] = [lines(expected), lines(live)];
  return [
    ...wanted.filter(line => !found.includes(line)).map(line => terminal.style('red', `    - ${line}`)),
    ...found.filter(line => !wanted.includes(line)).map(line => terminal.style('green', `    + ${line}`)),
  ];
}

/** Text line by line, rights role by role, lists entry by entry. */
function lines(value: PropertyValue): string[] {
  if (Array.isArray(value) && value.length > 0 && value[0] !== 'table') return value.map(valueText);
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0)
    return Object.entries(value).map(([name, inner]) => `${name}: ${valueText(inner)}`);
  return valueText(value).split('\n');
}

function consequenceLines({ consequences }: Difference): string[] {
  if (consequences.length === 0) return [];
  const rest = consequences.length - SHOWN_CONSEQUENCES;
  return [
    '    with it:',
    ...consequences.slice(0, SHOWN_CONSEQUENCES).map(text => `      ${text}`),
    ...(rest > 0 ? [`      and ${rest} more`] : []),
  ];
}
