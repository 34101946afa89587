/** One thing that must hold after a restore. */
export interface ProofItem {
  readonly name: string;
  readonly ok: boolean;
  /** What was looked at, with numbers; when it does not hold, what is wrong. */
  readonly detail: string;
}

const EXAMPLES = 3;

/** Holds when there are no problems; the first ones are named. */
export function proven(name: string, looked: string, problems: readonly string[]): ProofItem {
  if (problems.length === 0) return { name, ok: true, detail: looked };
  const more = problems.length > EXAMPLES ? ` and ${problems.length - EXAMPLES} more` : '';
  return { name, ok: false, detail: `${looked}; ${problems.slice(0, EXAMPLES).join('; ')}${more}` };
}
