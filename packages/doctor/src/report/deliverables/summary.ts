import type { Diagnosis, RootCause } from '../../diagnosis.ts';
import { LAYERS } from '../../engine/index.ts';
import { byWhom } from '../cause-rows.ts';
import { checksOf, observationsTable, plural } from './blocks.ts';
import { collectTimeline } from './collect-timeline.ts';
import { dependencyGraph } from './dependency-graph.ts';
import type { Block, Deliverable, Section, Tone } from './document.ts';
import { nextSteps } from './next-steps.ts';
import type { Readings } from './readings.ts';
import { repairBlocks } from './repair-blocks.ts';
import type { RepairRecord } from './repair-record.ts';

const RISK_WORDS = {
  safe: 'safe',
  confirm: 'needs your confirmation',
  destructive: 'cannot be undone',
} as const;

export const STATUS_TONES: Readonly<Record<Diagnosis['status'], Tone>> = {
  healthy: 'good',
  degraded: 'warn',
  findings: 'bad',
  incomplete: 'warn',
  not_examined: 'warn',
};

/** The summary: cause, evidence, plan, graph, timeline, repairs, what to do, and what was not seen. */
export function summary(
  diagnosis: Diagnosis,
  readings: Readings,
  repairs: readonly RepairRecord[],
): Deliverable {
  const timeline = collectTimeline(diagnosis, readings, repairs);
  const sections: Section[] = [
    ...diagnosis.rootCauses.map((cause, index) => causeSection(cause, index, diagnosis)),
    ...undecidedSections(diagnosis),
    ...unexplainedSections(diagnosis),
    { title: 'What follows from what', blocks: [{ kind: 'graph', graph: dependencyGraph(diagnosis) }] },
    { title: 'Timeline', blocks: [{ kind: 'timeline', ...timeline }, ...timelineGaps(readings)] },
    { title: 'What was repaired', blocks: repairBlocks(repairs) },
    { title: 'What to do next', blocks: nextSteps(diagnosis, readings, repairs) },
    { title: 'What was not examined', blocks: notExamined(diagnosis) },
    { title: 'Every check', blocks: [folded(checksOf(diagnosis, LAYERS, 'All checks of this examination'))] },
  ];
  return {
    id: 'summary',
    title: 'Summary',
    tone: STATUS_TONES[diagnosis.status],
    lead: diagnosis.headline,
    sections,
  };
}

function folded(block: Block): Block {
  return block.kind === 'table' ? { ...block, folded: true } : block;
}

function causeSection(cause: RootCause, index: number, diagnosis: Diagnosis): Section {
  const { code, layer, subject, confidence, mechanism, explains, evidence, repair } = cause;
  const failed = diagnosis.checks.filter(({ id }) => explains.includes(id));
  return {
    title: `Cause ${index + 1}: ${cause.summary}`,
    blocks: [
      {
        kind: 'callout',
        tone: 'bad',
        title: `${code} at ${subject} (${layer}, ${confidence})`,
        text: mechanism,
      },
      {
        kind: 'table',
        caption: `Failures that ${code} explains`,
        columns: [{ title: 'Check' }, { title: 'What was seen' }, { title: 'Rests on' }],
        rows: failed.map(check => [`${check.title} (${check.id})`, check.detail, check.evidence.join(', ')]),
      },
      observationsTable(diagnosis, evidence, `Observations behind ${code}`),
      { kind: 'text', text: `The repair (${RISK_WORDS[repair.risk]}):` },
      ...byWhom(cause).map((text): Block => ({ kind: 'text', text })),
      { kind: 'list', ordered: true, items: repair.steps },
      { kind: 'text', text: `To undo: ${repair.undo}` },
    ],
  };
}

function undecidedSections({ undecided }: Diagnosis): Section[] {
  return undecided.map(({ alternatives, separatedBy }) => ({
    title: 'What could not be decided',
    blocks: [
      { kind: 'text', text: 'What can be seen fits each of these equally well:' },
      {
        kind: 'list',
        ordered: false,
        items: alternatives.map(side =>
          side
            .map(({ summary: text, code, subject }) => `${text} (${code} at ${subject})`)
            .join(' together with '),
        ),
      },
      separatedBy.length === 0
        ? { kind: 'text', text: 'No check of the doctor would tell them apart.' }
        : {
            kind: 'table',
            caption: 'What would tell them apart',
            columns: [{ title: 'Check' }, { title: 'Why it was not made' }],
            rows: separatedBy.map(({ check, why }) => [{ text: check, code: true }, why]),
          },
    ],
  }));
}

function unexplainedSections({ unexplained }: Diagnosis): Section[] {
  if (unexplained.length === 0) return [];
  const rows = unexplained.map(({ check, title, detail, evidence, couldBe }) => [
    `${title} (${check})`,
    detail,
    evidence.join(', '),
    couldBe
      .map(({ code, shownBy }) => `${code}, which ${shownBy.join(', ') || 'more evidence'} would show`)
      .join('; ') || 'nothing that the doctor knows',
  ]);
  const columns = ['Check', 'What was seen', 'Rests on', 'Could be'].map(title => ({ title }));
  return [
    {
      title: 'What failed without an explanation',
      blocks: [
        { kind: 'table', caption: 'Failures that no cause was found for', columns, rows },
        { kind: 'text', text: 'The doctor does not guess: a person has to look at these.' },
      ],
    },
  ];
}

/** Sources of the timeline that could not be read. */
function timelineGaps(readings: Readings): Block[] {
  const sources = {
    'The journal of the keeper': readings.incidents,
    'The incidents in the logs': readings.logs,
    'The times of migrations': readings.migrations,
    'The backups there are': readings.backups,
    'The runs of backups and drills': readings.backupRuns,
  };
  return Object.entries(sources).flatMap(([what, reading]) =>
    'missing' in reading ? [{ kind: 'missing' as const, what, why: reading.missing }] : [],
  );
}

function notExamined({ notExamined: items, checks }: Diagnosis): Block[] {
  if (items.length === 0)
    return [{ kind: 'text', text: 'Every check that applies to this system was made.' }];
  const title = (id: string): string => checks.find(check => check.id === id)?.title ?? id;
  const byReason = [...Map.groupBy(items, ({ why }) => why)];
  return [
    {
      kind: 'text',
      text: `${plural(items.length, 'check')} could not be made. They are evidence for nothing, neither for health nor for trouble.`,
    },
    {
      kind: 'table',
      caption: 'Checks that were not made, by reason',
      columns: [{ title: 'Why' }, { title: 'Checks' }],
      rows: byReason.map(([why, group]) => [
        why,
        group.map(({ check }) => `${title(check)} (${check})`).join('; '),
      ]),
    },
  ];
}
