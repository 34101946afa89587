import type { Diagnosis, RootCause } from '../diagnosis.ts';
import { type CheckOutcome, LAYERS } from '../engine/index.ts';
import { HANDS } from '../repair/hands.ts';
import { isCommand, isStatement } from './commands-in-text.ts';
import type { Row } from './lay-out.ts';

export interface CauseContext {
  readonly diagnosis: Diagnosis;
  readonly verbose: boolean;
  /** Where there are several. */
  readonly number: number | undefined;
}

/** How much of the evidence the first screen holds. */
const MOST_EVIDENCE = 4;
const MOST_SUBJECTS = 5;

const OF_TABLES = 'Statements are for psql, as the owner of the tables or a superuser.';
const OF_ROLES = 'Statements are for psql, as a superuser or a role with CREATEROLE.';
const OF_SESSIONS =
  'Statements are for psql, as the role of the session, a role with pg_signal_backend, or a superuser.';
const OF_BOTH = `${OF_TABLES} What alters a role needs a superuser or a role with CREATEROLE.`;
const ENDS_SESSION = /^select (?:pg_catalog\.)?pg_(?:terminate|cancel)_backend\(/;
const RISKS = {
  safe: 'safe: it loses nothing and interrupts nobody.',
  confirm: 'think first: it interrupts somebody or changes data.',
  destructive: 'think first: it cannot be undone.',
} as const;

/** A cause with its evidence and plan; of others of its kind only what they are about. */
export function causeRows(
  [cause, ...others]: readonly [RootCause, ...RootCause[]],
  context: CauseContext,
): Row[] {
  const { diagnosis, verbose, number } = context;
  const { code, layer, subject, confidence, summary, mechanism, explains, repair } = cause;
  const failed = failuresOf(explains, diagnosis);
  const said = diagnosis.headline.includes(summary.slice(0, -1));
  return [
    {
      label: number === undefined ? 'Cause' : `Cause ${number}`,
      text: `${code} · ${layer} · ${subject} · ${confidence}`,
    },
    ...(said ? [] : [{ text: summary }]),
    { text: withoutDetails(mechanism, failed) },
    ...(others.length === 0 ? [] : [{ text: `The same of ${subjectsOf(others)}.` }]),
    ...evidenceRows(failed, verbose),
    { label: 'Plan', text: [RISKS[repair.risk], ...byWhom(cause)].join(' '), instructs: true },
    ...stepRows(repair.steps),
    { label: 'Undo', text: repair.undo, instructs: true },
  ];
}

/** Whether the doctor does it, which asks before what is not safe. Nothing of what is never in its hands. */
export function byWhom({ code, left }: RootCause): string[] {
  if (!(code in HANDS)) return [];
  if (left === undefined) return ['holdfast doctor --fix can do it.'];
  return [`holdfast doctor --fix leaves it to you: ${left.replace(/[.]$/, '')}.`];
}

/** What is evidence is not told twice. */
function withoutDetails(mechanism: string, failed: readonly CheckOutcome[]): string {
  return failed.reduce((text, { detail }) => text.replace(` (${detail})`, ''), mechanism);
}

function subjectsOf(causes: readonly RootCause[]): string {
  const names = causes.slice(0, MOST_SUBJECTS).map(({ subject }) => subject.slice(subject.indexOf(':') + 1));
  const more = causes.length - names.length;
  return `${names.join(', ')}${more === 0 ? '' : ` and ${more} more`} (--verbose has each plan)`;
}

/** What failed because of something, the broken state itself first, then its symptoms from the foundation upwards. */
export function failuresOf(
  explains: readonly string[],
  { checks }: Pick<Diagnosis, 'checks'>,
): CheckOutcome[] {
  const own = checks.filter(({ id }) => explains.includes(id));
  return own.toSorted((a, b) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer));
}

/** Failures in words, the first few of them unless all are asked for. */
export function evidenceRows(failed: readonly CheckOutcome[], verbose: boolean): Row[] {
  const shown = verbose || failed.length <= MOST_EVIDENCE ? failed : failed.slice(0, MOST_EVIDENCE - 1);
  const rows = shown.map(({ detail, evidence }) => ({
    bullet: '- ',
    text: verbose ? `${detail} [${evidence.join(', ')}]` : detail,
  }));
  const more = failed.length - shown.length;
  const all: Row[] = more === 0 ? rows : [...rows, { bullet: '- ', text: `and ${more} more (--verbose)` }];
  const [first, ...rest] = all;
  return first === undefined ? [] : [{ ...first, label: 'Evidence' }, ...rest];
}

/** Numbered; a command that belongs to the sentence before it stands below it. */
export function stepRows(steps: readonly string[]): Row[] {
  let number = 0;
  const rows = steps.map((text, index): Row => {
    const bare = isCommand(text);
    const follows = bare && index > 0;
    if (!follows) number += 1;
    const bullet = follows ? '     ' : `${number}. `;
    return bare ? { bullet, text, verbatim: true } : { bullet, text, instructs: true };
  });
  const statements = steps.filter(isStatement);
  return statements.length === 0 ? rows : [...rows, { bullet: '   ', text: whoRuns(statements) }];
}

function whoRuns(statements: readonly string[]): string {
  if (statements.every(statement => ENDS_SESSION.test(statement))) return OF_SESSIONS;
  const ofRoles = statements.filter(statement => statement.startsWith('alter role '));
  if (ofRoles.length === 0) return OF_TABLES;
  return ofRoles.length === statements.length ? OF_ROLES : OF_BOTH;
}
