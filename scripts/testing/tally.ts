import { relative } from 'node:path';

/** The part of node's test:pass and test:fail events that is counted. */
export interface TestEvent {
  readonly name: string;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: { readonly type?: string | undefined; readonly error?: unknown };
}

export interface Skip {
  readonly name: string;
  readonly file: string;
  readonly reason: string;
}

export interface Tally {
  passed: number;
  failed: number;
  readonly skipped: Skip[];
}

export function createTally(): Tally {
  return { passed: 0, failed: 0, skipped: [] };
}

/** A suite is not a test, unless it was skipped whole. A todo counts as skipped: node lets it fail in silence. */
export function countPass(tally: Tally, event: TestEvent): void {
  if (isSkipped(event)) tally.skipped.push(skipOf(event));
  else if (event.details.type !== 'suite') tally.passed += 1;
}

/** A parent that failed only because of its subtests is not counted again. */
export function countFail(tally: Tally, event: TestEvent): void {
  if (isSkipped(event)) tally.skipped.push(skipOf(event));
  else if (failureType(event) !== 'subtestsFailed') tally.failed += 1;
}

/** The closing line of a run. Its form is fixed: other programs read it. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
}

export function skipLine({ name, file, reason }: Skip): string {
  return `skipped: ${name} (${file}): ${reason}`;
}

function isSkipped({ skip, todo }: TestEvent): boolean {
  return isSet(skip) || isSet(todo);
}

function skipOf({ name, file, skip, todo }: TestEvent): Skip {
  const given = [skip, todo].find(value => typeof value === 'string' && value !== '');
  const reason = typeof given === 'string' ? given : isSet(todo) ? 'todo' : 'no reason given';
  return { name, file: file ? relative(process.cwd(), file) : 'unknown file', reason };
}

function isSet(value: string | boolean | undefined): boolean {
  return value !== undefined && value !== false;
}

function failureType({ details }: TestEvent): unknown {
  const { error } = details;
  return error instanceof Error && 'failureType' in error ? error.failureType : undefined;
}
