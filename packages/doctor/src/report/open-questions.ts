import type { Diagnosis, UndecidedCauses, Unexplained } from '../diagnosis.ts';
import { evidenceRows, failuresOf } from './cause-rows.ts';
import type { Row } from './lay-out.ts';

/** As many causes as are told in full; of more than that the first, and the codes of the others. */
const MOST_SIDES = 4;
const FIRST_SIDES = 3;
const MOST_CHECKS = 6;

/** Causes that could not be told apart: what was seen, what it may be, how to find out, and what helps in each case. */
export function undecidedRows(
  { alternatives, separatedBy }: UndecidedCauses,
  diagnosis: Diagnosis,
  verbose: boolean,
): Row[] {
  const explained = alternatives.flat().flatMap(({ explains }) => explains);
  const shown =
    verbose || alternatives.length <= MOST_SIDES ? alternatives : alternatives.slice(0, FIRST_SIDES);
  const others = alternatives.slice(shown.length).map(side => side.map(({ code }) => code).join(' and '));
  const sides = shown.flatMap((side, index): Row[] => {
    const what = side.map(({ summary, code }) => `${summary.replace(/\.$/, '')} (${code})`).join(', and ');
    const [step] = side.flatMap(({ repair }) => repair.steps);
    return [
      { label: index === 0 ? 'Either' : 'or', text: `${what}.` },
      ...(step === undefined ? [] : [{ bullet: '  then: ', text: step, instructs: true }]),
    ];
  });
  const tell = [...Map.groupBy(separatedBy, ({ why }) => why)].map(([why, items]) => {
    const names = items.map(({ check }) => check);
    const few = verbose ? names : names.slice(0, MOST_CHECKS);
    const more = names.length - few.length;
    return `${few.join(', ')}${more === 0 ? '' : ` and ${more} more`}, not seen: ${why}`;
  });
  return [
    ...evidenceRows(failuresOf(explained, diagnosis), verbose),
    ...sides,
    ...(others.length === 0 ? [] : [{ label: 'or', text: `one of ${others.join(', ')}.` }]),
    ...(tell.length === 0 ? ['nothing that the doctor can look at'] : tell).map((text, index) => ({
      ...(index === 0 ? { label: 'Decides' } : {}),
      ...{ bullet: '- ', text },
    })),
  ];
}

/** Failures without a cause, each with what would explain it if more were seen. */
export function unexplainedRows(unexplained: readonly Unexplained[], verbose: boolean): Row[] {
  const rows = unexplained.flatMap(({ check, detail, evidence, couldBe }, index) => [
    {
      ...(index === 0 ? { label: 'Unknown' } : {}),
      ...{ bullet: '- ', text: `${check}: ${detail}${verbose ? ` [${evidence.join(', ')}]` : ''}` },
    },
    ...couldBe.map(({ code, shownBy }) => ({
      bullet: '    ',
      text: `could be ${code}, which ${shownBy.join(', ') || 'more evidence'} would show`,
    })),
  ]);
  return rows.length === 0 ? [] : [...rows, ...NEXT.map(nextRow)];
}

/** Where to look for what no fault of the codebook explains. */
const NEXT = [
  'holdfast drift: whether the schema is as it was made, row level security and triggers that nobody expects included.',
  'holdfast logs analyze FILES: which requests fail, since when, and with which errors.',
  'holdfast doctor --verbose: every check, and all of the evidence.',
];

function nextRow(text: string, index: number): Row {
  return {
    ...(index === 0 ? { label: 'Next' } : {}),
    ...{ bullet: `${index + 1}. `, text, instructs: true },
  };
}
