import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { CheckOutcome, OutcomeKind } from './check.ts';
import { decode, type Verdict } from './decode.ts';
import { distinguishingOutcomes } from './distinguish.ts';
import type { Fault } from './fault.ts';
import { LAYERS } from './layer.ts';

fc.configureGlobal({ numRuns: 1_000 });

const CHECKS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

interface Plan {
  readonly mustFail: readonly string[];
  readonly mayFail: readonly string[];
  readonly mustPass: readonly string[];
  readonly layer: number;
  readonly grade: 'direct' | 'differential' | 'correlation';
}

function faultOf(plan: Plan, index: number): Fault {
  const mayFail = plan.mayFail.filter(check => !plan.mustFail.includes(check));
  return {
    code: `fault-${index}`,
    layer: LAYERS[plan.layer] ?? 'api',
    subject: `subject-${index}`,
    summary: () => '',
    mechanism: () => '',
    mustFail: plan.mustFail,
    mayFail,
    mustPass: plan.mustPass.filter(check => ![...plan.mustFail, ...mayFail].includes(check)),
    grade: plan.grade,
    repair: () => ({ risk: 'safe', steps: [], undo: '' }),
  };
}

const someChecks = (minLength: number, maxLength: number) => fc.subarray(CHECKS, { minLength, maxLength });

const codebooks = fc
  .array(
    fc.record({
      mustFail: someChecks(1, 3),
      mayFail: someChecks(0, 4),
      mustPass: someChecks(0, 3),
      layer: fc.nat({ max: LAYERS.length - 1 }),
      grade: fc.constantFrom('direct' as const, 'differential' as const, 'correlation' as const),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map(plans => plans.map(faultOf));

function outcome(check: string, kind: OutcomeKind): CheckOutcome {
  return { id: check, check, layer: 'api', title: check, outcome: kind, detail: '', evidence: [] };
}

const kinds = fc.constantFrom<OutcomeKind>('pass', 'fail', 'degraded', 'blocked', 'unknown');
const outcomesOf = (kind: fc.Arbitrary<OutcomeKind>) =>
  fc
    .tuple(
      ...CHECKS.map(check =>
        fc.option(
          kind.map(value => outcome(check, value)),
          { nil: undefined },
        ),
      ),
    )
    .map(items => items.filter(item => item !== undefined));

const shuffled = <T>(items: readonly T[]) =>
  fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

const named = ({ causes }: Verdict) => causes.map(({ fault }) => fault);
const considered = (verdict: Verdict) => [
  ...named(verdict),
  ...(verdict.undecided?.alternatives.flat() ?? []).map(({ fault }) => fault),
  ...verdict.unexplained.flatMap(({ couldBe }) => couldBe.map(({ fault }) => fault)),
];

describe('decode over random codebooks', () => {
  it('does not change its verdict when blocked, unknown or degraded checks are added', () => {
    const never = fc.constantFrom<OutcomeKind>('blocked', 'unknown', 'degraded');
    fc.assert(
      fc.property(codebooks, outcomesOf(kinds), outcomesOf(never), (codebook, outcomes, extra) => {
        const taken = new Set(outcomes.map(({ id }) => id));
        const added = extra.filter(({ id }) => !taken.has(id));
        assert.deepEqual(decode([...outcomes, ...added], codebook), decode(outcomes, codebook));
      }),
    );
  });

  it('does not depend on the order of outcomes and faults', () => {
    const cases = fc
      .tuple(codebooks, outcomesOf(kinds))
      .chain(([codebook, outcomes]) =>
        fc.tuple(fc.constant(codebook), fc.constant(outcomes), shuffled(codebook), shuffled(outcomes)),
      );
    fc.assert(
      fc.property(cases, ([codebook, outcomes, otherCodebook, otherOutcomes]) => {
        assert.deepEqual(decode(otherOutcomes, otherCodebook), decode(outcomes, codebook));
      }),
    );
  });

  it('never names an exonerated fault, nor one without must-fail evidence', () => {
    fc.assert(
      fc.property(codebooks, outcomesOf(kinds), (codebook, outcomes) => {
        const ids = (kind: OutcomeKind) => outcomes.filter(item => item.outcome === kind).map(({ id }) => id);
        const [passed, failed] = [ids('pass'), ids('fail')];
        const causes = named(decode(outcomes, codebook));
        for (const fault of causes) {
          assert.ok(!fault.mustFail.some(check => passed.includes(check)), 'a must-fail check passed');
          assert.ok(
            fault.mustFail.some(check => failed.includes(check)),
            'no must-fail check failed',
          );
        }
      }),
    );
  });

  it('accounts for every failure exactly once: explained, undecided or unexplained', () => {
    fc.assert(
      fc.property(codebooks, outcomesOf(kinds), (codebook, outcomes) => {
        const { causes, undecided, unexplained } = decode(outcomes, codebook);
        const found = [...causes, ...(undecided?.alternatives.flat() ?? [])];
        const explained = new Set(found.flatMap(({ explains }) => explains));
        const left = unexplained.map(item => item.outcome.id);
        const failed = outcomes.filter(item => item.outcome === 'fail').map(({ id }) => id);
        assert.deepEqual([...explained, ...left].sort(), failed.sort());
      }),
    );
  });

  it('with a distinguishable codebook never names a wrong fault, however much is hidden', () => {
    const distinguishable = codebooks.filter(codebook =>
      codebook.every((one, index) =>
        codebook.slice(index + 1).every(other => distinguishingOutcomes(one, other).length >= 1),
      ),
    );
    const worlds = distinguishable.chain(codebook =>
      fc.record({
        codebook: fc.constant(codebook),
        truth: fc.constantFrom(...codebook),
        symptoms: fc.subarray(CHECKS),
        hidden: fc.subarray(CHECKS),
      }),
    );
    fc.assert(
      fc.property(worlds, ({ codebook, truth, symptoms, hidden }) => {
        const fails = (check: string) =>
          truth.mustFail.includes(check) || (truth.mayFail.includes(check) && symptoms.includes(check));
        const outcomes = CHECKS.filter(check => !hidden.includes(check)).map(check =>
          outcome(check, fails(check) ? 'fail' : 'pass'),
        );
        const verdict = decode(outcomes, codebook);
        for (const fault of named(verdict)) assert.equal(fault.code, truth.code);
        const sawFailure = outcomes.some(item => item.outcome === 'fail');
        assert.equal(considered(verdict).includes(truth), sawFailure);
        if (hidden.length === 0) assert.deepEqual(named(verdict), [truth]);
      }),
      { numRuns: 2_000 },
    );
  });
});
