import type { GamedayResult } from '../run-gameday.ts';
import type { RoundResult } from '../stage.ts';
import { conditions, figures, offset } from './render-gameday.ts';
import { seconds } from './seconds.ts';

/** The whole report as a document, for the records. */
export function gamedayMarkdown(result: GamedayResult): string {
  const verdict = result.ok ? 'everything was proven' : 'NOT everything was proven';
  return [
    `# Game day of ${result.startedAt}: ${verdict}`,
    '',
    `${conditions(result)}.`,
    '',
    '| damage | named | diagnosis | restore to service | noticed for | lost | proven |',
    '|---|---|---|---|---|---|---|',
    ...result.rounds.map(tableRow),
    ...result.rounds.flatMap(roundSection),
    ...(result.broken === null
      ? []
      : ['', `## ${result.broken.damage}: not played to its end`, '', result.broken.reason]),
    '',
  ].join('\n');
}

function tableRow({ damage, diagnosis, restoreToServiceMs, troubleMs, lost, ok }: RoundResult): string {
  const named = diagnosis.named.join(', ') || 'nothing';
  const cells = [
    damage,
    named,
    seconds(diagnosis.ms),
    seconds(restoreToServiceMs),
    seconds(troubleMs),
    lost.seconds === 0 ? 'nothing' : `${lost.seconds.toFixed(1)} s`,
    ok ? 'yes' : '**no**',
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function roundSection(round: RoundResult): string[] {
  const { damage, what, timeline, diagnosis, remedy, proof, traffic } = round;
  const begin = timeline[0]?.at ?? 0;
  return [
    '',
    `## ${damage}: ${what}`,
    '',
    ...timeline.map(step => `- ${offset(step.at, begin).trim()}: ${step.what}`),
    '',
    `${figures(round)}.`,
    '',
    `- found by \`${diagnosis.command}\`: ${diagnosis.headline}`,
    `- repaired by ${remedy.command === null ? 'the keeper, without help' : `\`${remedy.command}\``} in ${seconds(remedy.ms)}`,
    `- users made ${traffic.requests} requests from the damage until service was back: ${answers(traffic.answers)}`,
    '',
    '| what must hold | | looked at |',
    '|---|---|---|',
    ...proof.map(({ name, ok, detail }) => `| ${cell(name)} | ${ok ? 'yes' : '**no**'} | ${cell(detail)} |`),
  ];
}

function answers(counts: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  return sorted.map(([label, count]) => `${count} × ${label}`).join(', ');
}

/** A pipe or a line break would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
