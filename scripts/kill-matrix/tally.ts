/** What one moment came to. */
export interface MomentRecord {
  readonly phase: string;
  readonly victim: string;
  readonly when: string;
  readonly outcome: string;
}

export interface MatrixTally {
  readonly records: readonly MomentRecord[];
  readonly violations: readonly string[];
  /** Checks that were made besides those after each moment, by name. */
  readonly checks: ReadonlyMap<string, number>;
  add(record: MomentRecord): void;
  violate(what: string): void;
  checked(name: string, count?: number): void;
}

export function createTally(progress: (line: string) => void): MatrixTally {
  const records: MomentRecord[] = [];
  const violations: string[] = [];
  const checks = new Map<string, number>();
  return {
    records,
    violations,
    checks,
    add: record => {
      records.push(record);
      const { phase, victim, when, outcome } = record;
      progress(`${String(records.length).padStart(4)}  ${phase}: ${victim} ${when}: ${outcome}`);
    },
    violate: what => {
      violations.push(what);
      progress(`      VIOLATION  ${what}`);
    },
    checked: (name, count = 1) => void checks.set(name, (checks.get(name) ?? 0) + count),
  };
}
