import { timeText } from './blocks.ts';
import type { Block, Cell, Deliverable, DeliverableId, Report } from './document.ts';
import { DELIVERABLE_IDS } from './document.ts';

/** A deliverable as a file of its own, in CommonMark with tables. */
export function renderMarkdown(report: Report, id: DeliverableId): string {
  const deliverable = report.deliverables.find(candidate => candidate.id === id);
  if (deliverable === undefined) throw new RangeError(`the report has no ${id}`);
  const parts = [
    `# ${escapeMarkdown(deliverable.title)}`,
    `**${escapeMarkdown(deliverable.lead)}**`,
    factLines(report),
    ...deliverable.sections.flatMap(({ title, blocks }) => [
      `## ${escapeMarkdown(title)}`,
      ...blocks.map(blockMarkdown),
    ]),
    linkLine(report.deliverables, id),
  ];
  return `${parts.filter(part => part !== '').join('\n\n')}\n`;
}

function factLines({ createdAt, target, id, version }: Report): string {
  const facts = [...target, ['Report', `${id}, made ${timeText(createdAt)} by Holdfast ${version}`] as const];
  return facts.map(([name, value]) => `- ${escapeMarkdown(name)}: ${escapeMarkdown(value)}`).join('\n');
}

function linkLine(deliverables: readonly Deliverable[], own: DeliverableId): string {
  const links = DELIVERABLE_IDS.filter(id => id !== own).map(id => {
    const title = deliverables.find(one => one.id === id)?.title ?? id;
    return `[${escapeMarkdown(title)}](${id}.md)`;
  });
  return `See also: ${links.join(' · ')} · [everything on one page](report.html)`;
}

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case 'text':
      return escapeMarkdown(block.text);
    case 'callout':
      return `> **${escapeMarkdown(block.title)}**\n>\n> ${escapeMarkdown(block.text)}`;
    case 'list':
      return listLines(block.items, block.ordered);
    case 'missing':
      return `*${escapeMarkdown(block.what)} could not be had: ${escapeMarkdown(block.why)}.*`;
    case 'commands':
      return `${escapeMarkdown(block.caption)}:\n\n${fenced(block.lines)}`;
    case 'table':
      return tableMarkdown(block);
    case 'graph':
      return listLines(block.graph.words, false);
    case 'timeline':
      return timelineMarkdown(block);
  }
}

function listLines(items: readonly string[], ordered: boolean): string {
  return items.map((item, index) => `${ordered ? `${index + 1}.` : '-'} ${escapeMarkdown(item)}`).join('\n');
}

function timelineMarkdown({ events, left }: Extract<Block, { kind: 'timeline' }>): string {
  const lines = events.map(({ at, source, what }) => `${timeText(at)} (${source}) ${what}`);
  const more = left === 0 ? [] : [`${left} earlier ones are left out.`];
  return [listLines(lines, false), ...more].join('\n\n');
}

/** A fence that is longer than any run of backticks inside. */
function fenced(lines: readonly string[]): string {
  const runs = lines.join('\n').match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(3, ...runs.map(run => run.length + 1)));
  return [`${fence}sh`, ...lines, fence].join('\n');
}

function tableMarkdown({ caption, columns, rows }: Extract<Block, { kind: 'table' }>): string {
  const head = `| ${columns.map(({ title }) => cellText(title)).join(' | ')} |`;
  const rule = `|${columns.map(({ numeric }) => (numeric === true ? '---:' : '---')).join('|')}|`;
  const body = rows.map(row => `| ${row.map(cellMarkdown).join(' | ')} |`);
  return [`**${escapeMarkdown(caption)}**`, '', head, rule, ...body].join('\n');
}

function cellMarkdown(cell: Cell): string {
  if (cell === null) return '–';
  if (typeof cell === 'number') return cell.toLocaleString('en-US');
  if (typeof cell === 'string') return cellText(cell);
  const text = cellText(cell.text);
  return cell.tone === 'bad' ? `**${text}**` : text;
}

function cellText(text: string): string {
  return escapeMarkdown(text) || '–';
}

/** A text of one line that means nothing to Markdown, nor to the HTML that it becomes. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{Cc}/gu, ' ')
    .trim()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|~]/g, '\\$&')
    .replace(/^(#|[-+](?=\s)|\d+(?=[.)]\s))/, '\\$1')
    .replace(/^\\(\d+)/, '$1\\');
}
