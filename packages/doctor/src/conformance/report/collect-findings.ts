import type { Exchange } from '../http/exchange.ts';
import type { ApiFinding } from './api-report.ts';
import { FINDING_KINDS, type FindingKind, type Severity } from './finding-kinds.ts';
import { exampleOf } from './redact-exchange.ts';

/** Something wrong, as a judge says it. */
export interface Verdict {
  readonly kind: FindingKind;
  /** Completes "`operation` …". */
  readonly summary: string;
  /** When it differs from that of the kind. */
  readonly severity?: Severity;
}

/** Gathers verdicts into one finding for each kind and operation. */
export interface FindingCollector {
  add(verdict: Verdict, about: About): void;
  /** Errors before warnings, each in the order of their first example. */
  list(): ApiFinding[];
}

export interface About {
  readonly operation: string | undefined;
  readonly target: string;
  readonly exchange?: Exchange;
  /** Texts that no finding may show. */
  readonly secrets: readonly string[];
  /** Addresses of host names that the command to repeat a request needs. */
  readonly resolve: Readonly<Record<string, string>>;
}

export function createFindingCollector(): FindingCollector {
  const found = new Map<string, ApiFinding>();
  return {
    add: (verdict, { operation, target, exchange, secrets, resolve }) => {
      const { kind, summary } = verdict;
      const severity = verdict.severity ?? FINDING_KINDS[kind].severity;
      const key = `${kind} ${severity} ${operation ?? ''}`;
      const before = found.get(key);
      found.set(key, {
        kind,
        severity,
        operation,
        summary: before?.summary ?? summary,
        advice: FINDING_KINDS[kind].advice,
        count: (before?.count ?? 0) + 1,
        targets: [...new Set([...(before?.targets ?? []), target])],
        example:
          before?.example ?? (exchange === undefined ? undefined : exampleOf(exchange, secrets, resolve)),
      });
    },
    list: () => [...found.values()].toSorted((a, b) => rank(a) - rank(b)),
  };
}

function rank({ severity }: ApiFinding): number {
  return severity === 'error' ? 0 : 1;
}
