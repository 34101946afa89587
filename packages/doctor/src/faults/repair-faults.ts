import type { Fault } from '../engine/index.ts';

/** What earlier repairs have left. */
export const REPAIR_FAULTS: readonly Fault[] = [
  {
    code: 'repair_cut_off',
    layer: 'process',
    subject: 'repairs',
    summary: context => {
      const [{ detail } = { detail: 'a repair was cut off' }] = context.outcomes('repair.finished');
      return `${detail.charAt(0).toUpperCase()}${detail.slice(1)} half way.`;
    },
    mechanism: () =>
      'Somebody or something ended holdfast doctor --fix within a step. What was done by then stands, and what was not is missing; the journal of repairs says how far it came.',
    mustFail: ['repair.finished'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Finish it, or have it taken back where it does not help: holdfast doctor --fix.'],
      undo: 'None needed: what does not help is taken back.',
    }),
  },
];
