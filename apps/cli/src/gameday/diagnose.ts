import type { Signal } from './damage/damage.ts';
import type { CommandRun, RunHoldfast } from './system/holdfast-child.ts';

/** What was found out about the damage, without knowing it. */
export interface DiagnosisResult {
  readonly command: string;
  /** What it named, such as `table_missing table:user_profiles`. */
  readonly named: readonly string[];
  readonly headline: string;
  /** Whether what it named is what was done. */
  readonly right: boolean;
  readonly ms: number;
}

/** Asks the command whose business this kind of damage is. */
export async function diagnose(
  signal: Signal,
  run: RunHoldfast,
  since: number,
  abort: AbortSignal,
): Promise<DiagnosisResult> {
  if (signal.by === 'doctor') return judgeDoctor(signal, await run(['doctor'], abort));
  if (signal.by === 'incident') return judgeIncidents(signal, await run(['status'], abort), since);
  if (signal.by === 'diff') return judgeDiff(signal, await run(['backup', 'diff'], abort));
  return judgeHealth(signal, await run(['detailed-health', '--full'], abort));
}

type Of<By extends Signal['by']> = Extract<Signal, { readonly by: By }>;

interface Cause {
  readonly code: string;
  readonly subject: string;
  readonly summary: string;
}

function judgeDoctor({ codes, subject }: Of<'doctor'>, run: CommandRun): DiagnosisResult {
  const { rootCauses = [], headline = '' } = run.result as {
    readonly rootCauses?: readonly Cause[];
    readonly headline?: string;
  };
  const named = rootCauses.map(cause => `${cause.code} ${cause.subject}`);
  const right = rootCauses.some(
    cause => codes.includes(cause.code) && (subject === undefined || cause.subject === subject),
  );
  return { command: run.command, named, headline, right, ms: run.ms };
}

interface Entry {
  readonly id: string;
  readonly level: string;
  readonly summary: string;
}

function judgeHealth({ entries: wanted }: Of<'health'>, run: CommandRun): DiagnosisResult {
  const { entries = [] } = run.result as { readonly entries?: readonly Entry[] };
  const bad = entries.filter(({ level }) => level === 'critical' || level === 'warn');
  const found = bad.filter(({ id }) => wanted.includes(id));
  const shown = found.length > 0 ? found : bad;
  return {
    command: run.command,
    named: shown.map(({ id, level }) => `${id} ${level}`),
    headline: shown[0]?.summary ?? 'nothing is wrong',
    right: found.length > 0,
    ms: run.ms,
  };
}

interface Difference {
  readonly schema: string;
  readonly name: string;
  readonly rowsBefore: number | null;
  readonly rowsAfter: number | null;
}

function judgeDiff({ table }: Of<'diff'>, run: CommandRun): DiagnosisResult {
  const { databases = [] } = run.result as {
    readonly databases?: readonly { readonly tables: readonly Difference[] }[];
  };
  const shorter = databases
    .flatMap(({ tables }) => tables)
    .filter(({ rowsBefore, rowsAfter }) => (rowsAfter ?? 0) < (rowsBefore ?? 0));
  const named = shorter.map(
    ({ schema, name, rowsBefore, rowsAfter }) => `${schema}.${name} ${rowsBefore} → ${rowsAfter ?? 0} rows`,
  );
  return {
    command: run.command,
    named,
    headline: named.length === 0 ? 'no table has lost rows' : `${named.length} tables have lost rows`,
    right: shorter.some(({ schema, name }) => `${schema}.${name}` === table),
    ms: run.ms,
  };
}

interface Incident {
  readonly part: string;
  readonly reason: string;
  readonly startedAt: string;
}

function judgeIncidents({ part }: Of<'incident'>, run: CommandRun, since: number): DiagnosisResult {
  const { incidents = [] } = run.result as { readonly incidents?: readonly Incident[] };
  const found = incidents.filter(
    incident => incident.part === part && Date.parse(incident.startedAt) >= since,
  );
  return {
    command: run.command,
    named: found.map(({ reason }) => `${part}: ${reason}`),
    headline: found[0]?.reason ?? 'no incident is on record',
    right: found.length > 0,
    ms: run.ms,
  };
}
