import type { Check, ObservationView } from '../engine/index.ts';
import type { EntrySighting, ExaminedEntry, SightingId } from '../sightings.ts';
import { findHolder } from './database-checks.ts';
import { blocked, checkOf, count, degraded, fail, type Judgement, pass, sawOf } from './judge.ts';

/** The look that tells who holds a lock. */
const LOCKS = 'health.blocked-sessions' satisfies SightingId;

type Row = EntrySighting['evidence'][number];

interface Told {
  readonly about: (subject: string | undefined) => boolean;
  readonly why: string;
}

interface EntryCheck extends Pick<Check, 'id' | 'layer' | 'title'> {
  readonly entry: ExaminedEntry;
  /** What a line of evidence is about; undefined for lines that say nothing of their own. */
  readonly subject?: (row: Row) => string | undefined;
  /** The lines about one subject in words; the summary of the entry when it is not given. */
  readonly detail?: (first: Row, all: readonly Row[]) => string | undefined;
  /** What helps with one subject; the remedy of the entry when it is not given. */
  readonly remedy?: (rows: readonly Row[]) => readonly string[] | undefined;
  /** Whether another look has run into it, which makes a failure of it however short it lasts. */
  readonly isMet?: (view: ObservationView) => boolean;
  /** What another check says better. */
  readonly toldBy?: (view: ObservationView) => Told | undefined;
  /** A warning that is no weakness of the running system, but advice. */
  readonly warningIsAdvice?: boolean;
}

const ENTRY_CHECKS: readonly EntryCheck[] = [
  {
    id: 'database.locks',
    layer: 'database',
    title: 'Nobody waits long for a lock',
    entry: 'blocked-sessions',
    subject: ({ role, target, blockedBy }) => {
      if (role !== 'waits' && role !== 'holds') return undefined;
      const [kind, name] = String(target).split(' ');
      return kind === 'relation' && name !== undefined ? `table:${plain(name)}` : `session:${blockedBy}`;
    },
    detail: (_, rows) => {
      const holder = rows.find(({ role }) => role === 'holds');
      return holder === undefined || rows.length > 1 ? undefined : lockoutText(holder);
    },
    remedy: ([first]) =>
      first?.role === 'holds'
        ? ['-- it holds the lock until its transaction ends', `select pg_terminate_backend(${first.pid});`]
        : undefined,
    isMet: isLockedOut,
  },
  {
    id: 'database.idle_transactions',
    layer: 'database',
    title: 'No transaction is left open',
    entry: 'idle-in-transaction',
    subject: ({ user }) => `role:${user}`,
    toldBy: toldByHolder,
  },
  {
    id: 'database.prepared_transactions',
    layer: 'database',
    title: 'No prepared transaction is forgotten',
    entry: 'prepared-transactions',
  },
  {
    id: 'database.transaction_ids',
    layer: 'database',
    title: 'Transaction ids are far from running out',
    entry: 'xid-age',
  },
  {
    id: 'database.checksums',
    layer: 'database',
    title: 'Pages come back from the disk as they were written',
    entry: 'checksums',
    warningIsAdvice: true,
  },
  {
    id: 'database.collations',
    layer: 'database',
    title: 'Text is ordered as when the indexes were built',
    entry: 'collations',
  },
  {
    id: 'database.index_structure',
    layer: 'database',
    title: 'Indexes know the rows of their tables',
    entry: 'index-check',
    subject: ({ index }) => `index:${plain(index)}`,
    detail: ({ index, problem }) => `${plain(index)}: ${problem}`,
    toldBy: toldByDuplicates,
  },
  {
    id: 'data.references',
    layer: 'data',
    title: 'Every row has the rows it refers to',
    entry: 'orphans',
    // the rows that are gone are the trouble, whoever refers to them
    subject: ({ parent }) => `table:${plain(parent)}`,
    detail: ({ parent }, rows) => {
      const children = rows.map(({ table, orphans }) => `${orphans} of ${plain(table)}`).join(', ');
      return `rows that refer to rows of ${plain(parent)} that are not there: ${children}`;
    },
    toldBy: toldByRowSecurity,
  },
  {
    id: 'data.uniqueness',
    layer: 'data',
    title: 'What must be unique is',
    entry: 'duplicates',
    subject: ({ index }) => `index:${plain(index)}`,
    detail: ({ table, index, duplicateKeys }) =>
      `${duplicateKeys} keys of ${plain(index)} have several rows in ${plain(table)}`,
  },
  {
    id: 'data.sequences',
    layer: 'data',
    title: 'No sequence is behind its column',
    entry: 'sequences-behind',
    subject: ({ sequence }) => `sequence:${plain(sequence)}`,
    detail: ({ sequence, column, next, highest, lowest }) =>
      `${plain(sequence)} would give ${next} next, and ${plain(column)} holds ${highest ?? lowest} already`,
  },
  {
    id: 'data.rows',
    layer: 'data',
    title: 'No table has lost the rows it had in the last backup or snapshot',
    entry: 'lost-rows',
    // a table that is gone is missing in the schema
    subject: ({ table, now }) => (now === null ? undefined : `table:${plain(table)}`),
    detail: ({ table, problem, inBackup, now }) =>
      `${plain(table)}: ${problem} (${inBackup} before, ${now} now)`,
    toldBy: toldByRowSecurity,
  },
];

/** Rows, locks and storage, by the health catalogue. */
export const HEALTH_CHECKS: readonly Check[] = ENTRY_CHECKS.map(spec =>
  checkOf({
    ...{ id: spec.id, layer: spec.layer, title: spec.title },
    from: `health.${spec.entry}`,
    judge: (saw, view) => {
      const found = judgeEntry(spec, spec.isMet?.(view) === true ? { ...saw, level: 'critical' } : saw);
      const told = spec.toldBy?.(view);
      const rest = found.filter(({ subject }) => told === undefined || !told.about(subject));
      return told === undefined || rest.length > 0 ? rest : [blocked(told.why)];
    },
  }),
);

/** Whether a look of this examination was kept out by a lock whose holder was seen. */
export function isLockedOut(view: ObservationView): boolean {
  const rows = sawOf(view, 'health.blocked-sessions')?.evidence ?? [];
  const isHeld = rows.some(({ role }) => role === 'holds');
  return isHeld && [...view.values()].some(seen => 'blockedBy' in seen && seen.blockedBy === LOCKS);
}

function lockoutText({ pid, user, application, seconds, tables, target, state, query }: Row): string {
  const who = [...(user ? [`role ${user}`] : []), ...(application ? [`application ${application}`] : [])];
  const table = plain(target).replace(/^relation (?:public\.)?/, '');
  const more = Number(tables) > 1 ? ` and ${count(Number(tables) - 1, 'more table')}` : '';
  const open = seconds === null ? '' : `, its transaction open for ${seconds} s`;
  const does = [state, query].filter(Boolean).join(': ');
  return `pid ${pid}${who.length > 0 ? ` (${who.join(', ')})` : ''} keeps even readers out of ${table}${more}${open}${does && `; ${does}`}`;
}

/** Of an index that has let a key in twice, that is the trouble; the rest goes with it when it is rebuilt. */
function toldByDuplicates(view: ObservationView): Told {
  const lines = sawOf(view, 'health.duplicates')?.evidence ?? [];
  const twice = new Set(lines.map(({ index }) => `index:${plain(index)}`));
  return {
    about: subject => subject !== undefined && twice.has(subject),
    why: 'rows have one key several times, which damages it',
  };
}

/** Rows that a policy hides from the doctor are not lost. */
function toldByRowSecurity(view: ObservationView): Told {
  const changed = sawOf(view, 'schema.catalog')?.changedRowSecurity ?? [];
  const tables = new Set(changed.map(({ table }) => `table:${table}`));
  return {
    about: subject => subject !== undefined && tables.has(subject),
    why: 'row level security, which has changed, decides which rows are seen',
  };
}

/** Transactions that keep everybody out are worse than those that are merely old. */
function toldByHolder(view: ObservationView): Told | undefined {
  const holder = findHolder(view);
  if (holder === undefined) return undefined;
  const why = `transactions that ${holder.role} has left open take every connection`;
  return { about: subject => subject === `role:${holder.role}`, why };
}

function judgeEntry(
  spec: EntryCheck,
  { level, summary, evidence, remedy }: EntrySighting,
): readonly Judgement[] {
  if (level === 'ok' || (level === 'warn' && spec.warningIsAdvice === true)) return [pass(summary)];
  if (level === 'warn') return [degraded(weaknessOf(spec, { summary, evidence, remedy }))];
  const help = remedy === null ? {} : { remedy: remedy.split('\n') };
  const bySubject = Map.groupBy(evidence, row => spec.subject?.(row));
  const failures = [...bySubject].flatMap(([subject, rows]) => {
    const [first] = rows;
    if (subject === undefined || first === undefined) return [];
    const own = spec.remedy?.(rows);
    const helps = own === undefined ? help : { remedy: own };
    return [{ ...fail(spec.detail?.(first, rows) ?? summary, subject), ...helps }];
  });
  if (failures.length > 0) return failures;
  return [spec.subject === undefined ? { ...fail(summary), ...help } : pass(summary)];
}

const NAMED_LOSSES = 3;

/** Tables with their rows before and now, the worst first, and how to get them back; of other entries their summary. */
function weaknessOf(
  { entry, detail }: EntryCheck,
  { summary, evidence, remedy }: Pick<EntrySighting, 'summary' | 'evidence' | 'remedy'>,
): string {
  if (entry !== 'lost-rows' || detail === undefined || evidence.length === 0) return summary;
  const named = evidence.slice(0, NAMED_LOSSES).map(row => detail(row, [row]));
  const [command] = remedy?.split('\n') ?? [];
  const help =
    command === undefined
      ? ''
      : `; if they are missed: ${command.replace(/ # .*$/, '')}, which shows what would come back`;
  return `${named.join(', ')}; ${summary}${help}`;
}

/** As SQL writes it, without the schema everybody uses. */
function plain(name: Row[string] | undefined): string {
  return String(name).replace(/^public\./, '');
}
