import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CheckOutcome, type OutcomeKind, outcomeId } from './check.ts';
import { decode, type Verdict } from './decode.ts';
import type { Fault } from './fault.ts';

type Expectations = Partial<Pick<Fault, 'layer' | 'subject' | 'mustFail' | 'mayFail' | 'mustPass' | 'grade'>>;

function fault(code: string, expectations: Expectations): Fault {
  return {
    code,
    layer: 'api',
    subject: code,
    summary: () => code,
    mechanism: () => '',
    mustFail: [],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: () => ({ risk: 'safe', steps: [], undo: '' }),
    ...expectations,
  };
}

function outcome(kind: OutcomeKind, check: string, subject?: string): CheckOutcome {
  const id = outcomeId(check, subject);
  const result = { id, check, layer: 'api', title: check, outcome: kind, detail: '', evidence: [] } as const;
  return subject === undefined ? result : { ...result, subject };
}

const fail = (check: string, subject?: string) => outcome('fail', check, subject);
const pass = (check: string, subject?: string) => outcome('pass', check, subject);

const codes = ({ causes }: Verdict) => causes.map(cause => cause.fault.code);
const leftOver = ({ unexplained }: Verdict) => unexplained.map(item => item.outcome.id);

describe('decode', () => {
  it('names nothing when nothing failed', () => {
    const verdict = decode([pass('a')], [fault('x', { mustFail: ['a'] })]);
    assert.deepEqual(verdict, { causes: [], undecided: undefined, unexplained: [] });
  });

  it('names the one fault behind several failures', () => {
    const verdict = decode(
      [fail('a'), fail('b'), pass('c')],
      [
        fault('root', { mustFail: ['a'], mayFail: ['b'] }),
        fault('other', { mustFail: ['c'], mayFail: ['b'] }),
      ],
    );
    assert.deepEqual(codes(verdict), ['root']);
    assert.deepEqual(verdict.causes[0]?.explains, ['a', 'b']);
    assert.equal(verdict.causes[0]?.confidence, 'certain');
  });

  it('excludes a fault whose must-fail check passed, and says so by leaving the failure unexplained', () => {
    const verdict = decode([fail('a'), pass('b')], [fault('x', { mustFail: ['a', 'b'] })]);
    assert.deepEqual(codes(verdict), []);
    assert.deepEqual(leftOver(verdict), ['a']);
  });

  it('exonerates a fault whose must-pass check failed', () => {
    const verdict = decode([fail('a'), fail('b')], [fault('x', { mustFail: ['a'], mustPass: ['b'] })]);
    assert.deepEqual(codes(verdict), []);
    assert.deepEqual(leftOver(verdict), ['a', 'b']);
  });

  it('keeps a fault whose must-pass check failed for another named reason', () => {
    const verdict = decode(
      [fail('a'), fail('b')],
      [fault('x', { mustFail: ['a'], mustPass: ['b'] }), fault('y', { mustFail: ['b'] })],
    );
    assert.deepEqual(codes(verdict), ['x', 'y']);
  });

  it('prefers one fault to two', () => {
    const verdict = decode(
      [fail('a'), fail('b')],
      [
        fault('both', { mustFail: ['a', 'b'] }),
        fault('first', { mustFail: ['a'] }),
        fault('second', { mustFail: ['b'] }),
      ],
    );
    assert.deepEqual(codes(verdict), ['both']);
  });

  it('prefers fewer predictions that did not come true, then direct evidence, then the deeper layer', () => {
    const rivals = (better: Expectations, worse: Expectations) =>
      codes(
        decode(
          [fail('a'), pass('quiet')],
          [
            fault('a-worse', { mustFail: ['a'], ...worse }),
            fault('b-better', { mustFail: ['a'], ...better }),
          ],
        ),
      );
    assert.deepEqual(rivals({}, { mayFail: ['quiet'] }), ['b-better']);
    assert.deepEqual(rivals({ grade: 'differential' }, { grade: 'correlation' }), ['b-better']);
    assert.deepEqual(rivals({ layer: 'database' }, { layer: 'api' }), ['b-better']);
  });

  it('cannot tell two faults apart when the check that would was not made, and names that check', () => {
    const codebook = [
      fault('stopped', { layer: 'database', mustFail: ['port', 'process'] }),
      fault('wrong-address', { layer: 'config', mustFail: ['port', 'address'] }),
    ];
    const verdict = decode([fail('port'), outcome('unknown', 'process')], codebook);
    assert.deepEqual(codes(verdict), []);
    assert.deepEqual(
      verdict.undecided?.alternatives.map(members => members.map(member => member.fault.code)),
      [['wrong-address'], ['stopped']],
    );
    assert.deepEqual(verdict.undecided?.separatedBy, ['address', 'process']);
    assert.deepEqual(leftOver(verdict), []);
  });

  it('does not let one fault on hidden evidence beat two on complete evidence', () => {
    const codebook = [
      fault('both', { mustFail: ['a', 'b', 'hidden'] }),
      fault('first', { mustFail: ['a'] }),
      fault('second', { mustFail: ['b'] }),
    ];
    const verdict = decode([fail('a'), fail('b')], codebook);
    assert.deepEqual(codes(verdict), []);
    assert.deepEqual(
      verdict.undecided?.alternatives.map(members => members.map(member => member.fault.code)),
      [['both'], ['first', 'second']],
    );
    assert.deepEqual(verdict.undecided?.separatedBy, ['hidden']);
  });

  it('does not let one fault of which nothing was seen beat two with some evidence each', () => {
    const codebook = [
      fault('all-stopped', { mustFail: ['on-purpose'], mayFail: ['a', 'b'] }),
      fault('first', { mustFail: ['a', 'first-process'] }),
      fault('second', { mustFail: ['b', 'second-process'] }),
    ];
    const verdict = decode([fail('a'), fail('b')], codebook);
    assert.deepEqual([codes(verdict), leftOver(verdict)], [[], []]);
    assert.deepEqual(
      verdict.undecided?.alternatives.map(members => members.map(member => member.fault.code)),
      [['all-stopped'], ['first', 'second']],
    );
    assert.deepEqual(verdict.undecided?.separatedBy, ['first-process', 'on-purpose', 'second-process']);
  });

  it('names what tied explanations share', () => {
    const codebook = [
      fault('sure', { mustFail: ['s'] }),
      fault('one', { mustFail: ['a', 'x'] }),
      fault('two', { mustFail: ['a', 'y'] }),
    ];
    const verdict = decode([fail('a'), fail('s')], codebook);
    assert.deepEqual(codes(verdict), ['sure']);
    assert.equal(verdict.undecided?.alternatives.length, 2);
  });

  it('never names a fault without must-fail evidence, but says what would show it', () => {
    const verdict = decode([fail('symptom')], [fault('x', { mustFail: ['state'], mayFail: ['symptom'] })]);
    assert.deepEqual(codes(verdict), []);
    assert.deepEqual(
      verdict.unexplained.map(({ outcome: { id }, couldBe }) => [
        id,
        couldBe.map(guess => [guess.fault.code, guess.shownBy]),
      ]),
      [['symptom', [['x', ['state']]]]],
    );
  });

  it('cannot tell two faults apart whose symptoms alone are seen, and names what would', () => {
    const codebook = [
      fault('x', { mustFail: ['state'], mayFail: ['symptom'] }),
      fault('y', { mustFail: ['other'], mayFail: ['symptom'] }),
      fault('z', { mustFail: ['seen'], mayFail: ['symptom'] }),
    ];
    const verdict = decode([fail('symptom'), pass('seen')], codebook);
    assert.deepEqual([codes(verdict), leftOver(verdict)], [[], []]);
    assert.deepEqual(
      verdict.undecided?.alternatives.map(members => members.map(member => member.fault.code)),
      [['x'], ['y']],
    );
    assert.deepEqual(verdict.undecided?.separatedBy, ['other', 'state']);
  });

  it('is only likely right when part of the must-fail evidence is hidden or the evidence is not direct', () => {
    const confidence = (expectations: Expectations) =>
      decode([fail('a')], [fault('x', { mustFail: ['a'], ...expectations })]).causes[0]?.confidence;
    assert.equal(confidence({}), 'certain');
    assert.equal(confidence({ mustFail: ['a', 'hidden'] }), 'likely');
    assert.equal(confidence({ grade: 'differential' }), 'likely');
  });

  it('finds two faults, and three on request', () => {
    const codebook = ['a', 'b', 'c'].map(check => fault(`f-${check}`, { mustFail: [check] }));
    assert.deepEqual(codes(decode([fail('a'), fail('b')], codebook)), ['f-a', 'f-b']);
    const three = decode([fail('a'), fail('b'), fail('c')], codebook, { maxFaults: 3 });
    assert.deepEqual(codes(three), ['f-a', 'f-b', 'f-c']);
  });
});

describe('subjects', () => {
  const tableMissing = fault('table', {
    subject: { of: 'tables', general: 'table' },
    mustFail: ['tables@$'],
    mayFail: ['operations'],
  });

  it('takes the failing subjects of the check', () => {
    const verdict = decode([fail('tables', 'table:a'), fail('operations', 'GET /x')], [tableMissing]);
    assert.deepEqual(verdict.causes[0]?.subjects, ['table:a']);
    assert.deepEqual(verdict.causes[0]?.explains, ['operations@GET /x', 'tables@table:a']);
  });

  it('counts one fault at several subjects once', () => {
    const outcomes = ['a', 'b', 'c', 'd'].map(name => fail('tables', `table:${name}`));
    const verdict = decode(outcomes, [tableMissing]);
    assert.deepEqual(verdict.causes[0]?.subjects, ['table:a', 'table:b', 'table:c', 'table:d']);
  });

  it('counts it once as well where the same evidence of all of them is hidden', () => {
    const differs = fault('differs', {
      subject: { of: 'answers', general: 'endpoint' },
      mustFail: ['answers@$', 'alone'],
    });
    const column = fault('column', { mustFail: ['columns'], mayFail: ['answers'] });
    const verdict = decode([fail('answers', 'GET /a'), fail('answers', 'GET /b')], [differs, column]);
    assert.deepEqual(
      verdict.undecided?.alternatives.map(members =>
        members.map(({ fault: { code }, subjects }) => [code, subjects]),
      ),
      [[['column', ['column']]], [['differs', ['GET /a', 'GET /b']]]],
    );
  });

  it('does not mix up subjects', () => {
    const strict = fault('strict', {
      subject: { of: 'tables', general: 'table' },
      mustFail: ['tables@$', 'counts@$'],
    });
    const outcomes = [fail('tables', 'a'), fail('tables', 'b'), fail('counts', 'a'), pass('counts', 'b')];
    const verdict = decode(outcomes, [strict]);
    assert.deepEqual(verdict.causes[0]?.subjects, ['a']);
    assert.deepEqual(leftOver(verdict), ['tables@b']);
  });

  it('lets a pass without subject speak for every subject', () => {
    const verdict = decode([fail('operations', 'x'), pass('tables')], [tableMissing]);
    assert.deepEqual(verdict.unexplained[0]?.couldBe, []);
  });

  it('keeps a fault in mind whose subject could not be seen', () => {
    const verdict = decode([fail('operations', 'x'), outcome('unknown', 'tables')], [tableMissing]);
    assert.deepEqual(
      verdict.unexplained[0]?.couldBe.map(guess => guess.shownBy),
      [['tables']],
    );
  });
});
