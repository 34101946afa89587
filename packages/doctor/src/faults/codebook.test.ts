import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CHECKS } from '../checks/index.ts';
import {
  type CheckOutcome,
  decode,
  distinguishingOutcomes,
  type Fault,
  type OutcomeKind,
  outcomeId,
  type Verdict,
} from '../engine/index.ts';
import { CODEBOOK } from './index.ts';

const checkOfPattern = (pattern: string) => pattern.split('@')[0] ?? '';
const patternsOf = (fault: Fault) => [...fault.mustFail, ...fault.mayFail, ...fault.mustPass];

describe('codebook', () => {
  it('names each fault once', () => {
    const codes = CODEBOOK.map(({ code }) => code);
    assert.deepEqual(codes, [...new Set(codes)]);
  });

  it('refers to checks that exist', () => {
    const known = new Set(CHECKS.map(({ id }) => id));
    const named = CODEBOOK.flatMap(fault => [
      ...patternsOf(fault).map(checkOfPattern),
      ...(typeof fault.subject === 'string' ? [] : [fault.subject.of]),
    ]);
    assert.deepEqual(
      named.filter(check => !known.has(check)),
      [],
    );
  });

  it('tells every two faults apart by at least two outcomes', () => {
    const close = CODEBOOK.flatMap((one, index) =>
      CODEBOOK.slice(index + 1)
        .filter(other => distinguishingOutcomes(one, other).length < 2)
        .filter(other => one.indistinguishableFrom?.includes(other.code) !== true)
        .filter(other => other.indistinguishableFrom?.includes(one.code) !== true)
        .map(other => `${one.code} / ${other.code}`),
    );
    assert.deepEqual(close, []);
  });

  it('expects of no fault the same outcome to fail and to pass', () => {
    for (const fault of CODEBOOK) {
      const failing = new Set([...fault.mustFail, ...fault.mayFail].map(checkOfPattern));
      assert.deepEqual(
        fault.mustPass.filter(pattern => failing.has(checkOfPattern(pattern))),
        [],
        fault.code,
      );
    }
  });

  it('ends every summary with a full stop and mentions the subject once it is known', () => {
    for (const fault of CODEBOOK) {
      const context = { subject: 'kind:name-of-it', outcomes: () => [] };
      assert.match(fault.summary(context), /^[A-Z].*\.$/, fault.code);
      if (typeof fault.subject !== 'string') assert.match(fault.summary(context), /name-of-it/, fault.code);
    }
  });
});

/** The outcomes of a system with one fault: what must fail fails, what may fail does so by chance, the rest passes. */
function worldOf(fault: Fault, symptoms: readonly string[], hidden: readonly string[]): CheckOutcome[] {
  const subject = typeof fault.subject === 'string' ? fault.subject : `${fault.subject.general}:x`;
  return CHECKS.filter(({ id }) => !hidden.includes(id)).map(({ id, layer, title }) => {
    const must = fault.mustFail.find(pattern => checkOfPattern(pattern) === id);
    const may = fault.mayFail.some(pattern => checkOfPattern(pattern) === id) && symptoms.includes(id);
    const outcome: OutcomeKind = must !== undefined || may ? 'fail' : 'pass';
    const of = must?.endsWith('@$') ? { subject } : {};
    const base = { check: id, layer, title, outcome, detail: '', evidence: [] };
    return { ...base, ...of, id: outcomeId(id, must?.endsWith('@$') ? subject : undefined) };
  });
}

const checkIds = CHECKS.map(({ id }) => id);
const named = ({ causes }: Verdict) => causes.map(({ fault }) => fault.code);

describe('the codebook on systems with one fault', () => {
  it('names exactly that fault when everything can be seen', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CODEBOOK), fc.subarray(checkIds), (fault, symptoms) => {
        const verdict = decode(worldOf(fault, symptoms, []), CODEBOOK);
        assert.deepEqual(named(verdict), [fault.code]);
        assert.deepEqual([verdict.undecided, verdict.unexplained], [undefined, []]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never names another one, whatever could not be looked at', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CODEBOOK),
        fc.subarray(checkIds),
        fc.subarray(checkIds),
        (fault, symptoms, hidden) => {
          const verdict = decode(worldOf(fault, symptoms, hidden), CODEBOOK);
          assert.deepEqual(
            named(verdict).filter(code => code !== fault.code),
            [],
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
