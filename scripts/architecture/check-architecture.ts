import type { Project, Rule, Violation } from './project.ts';
import { arrows } from './rules/arrows.ts';
import { boundaries } from './rules/boundaries.ts';
import { cycles } from './rules/cycles.ts';
import { dependencies } from './rules/dependencies.ts';
import { environment } from './rules/environment.ts';
import { naming } from './rules/naming.ts';
import { size } from './rules/size.ts';

export const RULES = { arrows, boundaries, cycles, dependencies, environment, naming, size } satisfies Record<
  string,
  Rule
>;

/** Every violation of every rule, sorted by path and line. */
export function checkArchitecture(project: Project): Violation[] {
  return Object.values(RULES)
    .flatMap(rule => rule(project))
    .sort((a, b) => a.path.localeCompare(b.path) || (a.line ?? 0) - (b.line ?? 0));
}

export function formatViolation({ rule, path, line, message }: Violation): string {
  return `${path}${line === undefined ? '' : `:${line}`}  ${rule}: ${message}`;
}
