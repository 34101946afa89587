import type { Random } from '@holdfast/core';
import type { Diagnosis, Fault } from '@holdfast/doctor';
import type { Injection } from './system.ts';

/** A fault with what the doctor saw of it when it was alone. */
export interface Witness {
  readonly injection: Injection;
  readonly alone: Diagnosis;
}

export type Pair = readonly [Witness, Witness];

/** Why two faults cannot both be seen or made; undefined when they can. */
export function whyNotBoth([one, other]: Pair, codebook: readonly Fault[]): string | undefined {
  const { touches } = one.injection;
  if (one.injection.expected.code === other.injection.expected.code) {
    const same = one.injection.expected.subject === other.injection.expected.subject;
    if (same) return 'they are one fault';
  }
  if (other.injection.touches.some(table => touches.includes(table))) return 'they change one thing';
  if (hides(one, other, codebook)) return `${one.injection.kind} hides ${other.injection.kind}`;
  if (hides(other, one, codebook)) return `${other.injection.kind} hides ${one.injection.kind}`;
  if (accountsFor(one, other, codebook))
    return `${one.injection.kind} may cause what ${other.injection.kind} shows`;
  if (accountsFor(other, one, codebook))
    return `${other.injection.kind} may cause what ${one.injection.kind} shows`;
  if (isWithin(one, other) || isWithin(other, one)) return 'what one breaks, the other breaks as well';
  return undefined;
}

/** Whether, with the first there, a check that shows the second cannot be made. */
function hides({ alone }: Witness, { injection }: Witness, codebook: readonly Fault[]): boolean {
  const fault = codebook.find(({ code }) => code === injection.expected.code);
  const needed = (fault?.mustFail ?? []).map(pattern => pattern.split('@', 1)[0]);
  return needed.some(
    check =>
      !alone.checks.some(
        outcome => outcome.check === check && (outcome.outcome === 'pass' || outcome.outcome === 'fail'),
      ),
  );
}

/** Whether everything that the second fails may as well be because of the first. */
function accountsFor({ injection }: Witness, { alone }: Witness, codebook: readonly Fault[]): boolean {
  const { code, subject } = injection.expected;
  const fault = codebook.find(item => item.code === code);
  const predicted = [...(fault?.mustFail ?? []), ...(fault?.mayFail ?? [])].map(pattern =>
    pattern.endsWith('@$') ? pattern.slice(0, -1) + subject : pattern,
  );
  return alone.checks
    .filter(({ outcome }) => outcome === 'fail')
    .every(({ id, check }) => predicted.includes(id) || predicted.includes(check));
}

function isWithin({ alone }: Witness, other: Witness): boolean {
  const shown = failuresOf(other.alone);
  return [...failuresOf(alone)].every(id => shown.has(id));
}

function failuresOf({ checks }: Diagnosis): Set<string> {
  return new Set(checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id));
}

/** Every pair that can be made and seen, in an order of chance. */
export function compatiblePairs(
  witnesses: readonly Witness[],
  codebook: readonly Fault[],
  random: Pick<Random, 'chance' | 'shuffle'>,
): Pair[] {
  const pairs = witnesses.flatMap((one, index) =>
    witnesses.slice(index + 1).map((other): Pair => (random.chance(0.5) ? [one, other] : [other, one])),
  );
  return random.shuffle(pairs.filter(pair => whyNotBoth(pair, codebook) === undefined));
}
