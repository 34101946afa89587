/** Says what is wrong with a value, with the place of it; undefined when nothing is. */
export type Shape = (value: unknown, place: string) => string | undefined;

export const isText: Shape = (value, place) =>
  typeof value === 'string' ? undefined : `${place} is not a text`;

export const isInteger: Shape = (value, place) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : `${place} is not a whole number`;

export const isFlag: Shape = (value, place) =>
  typeof value === 'boolean' ? undefined : `${place} is neither true nor false`;

export const isObject: Shape = (value, place) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? undefined
    : `${place} is not an object`;

export const isTime: Shape = (value, place) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value))
    ? undefined
    : `${place} is not a time`;

export function matches(pattern: RegExp, what: string): Shape {
  return (value, place) =>
    typeof value === 'string' && pattern.test(value) ? undefined : `${place} is not ${what}`;
}

export function oneOf(...values: readonly unknown[]): Shape {
  return (value, place) =>
    values.includes(value) ? undefined : `${place} is not one of ${values.map(String).join(', ')}`;
}

export function nullOr(inner: Shape): Shape {
  return (value, place) => (value === null ? undefined : inner(value, place));
}

/** For members that may be absent. */
export function maybe(inner: Shape): Shape {
  return (value, place) => (value === undefined ? undefined : inner(value, place));
}

export function listOf(inner: Shape): Shape {
  return (value, place) =>
    Array.isArray(value)
      ? firstProblem(value.map((item, index) => () => inner(item, `${place}[${index}]`)))
      : `${place} is not a list`;
}

/** An object with at least these members; others are let be. */
export function withMembers(members: Readonly<Record<string, Shape>>): Shape {
  return (value, place) =>
    isObject(value, place) ??
    firstProblem(
      Object.entries(members).map(
        ([name, shape]) =>
          () =>
            shape((value as Record<string, unknown>)[name], place === '' ? name : `${place}.${name}`),
      ),
    );
}

function firstProblem(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem !== undefined) return problem;
  }
  return undefined;
}
