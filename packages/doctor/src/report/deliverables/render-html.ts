import { createHash } from 'node:crypto';
import { number, timeText } from './blocks.ts';
import type { Block, Cell, Deliverable, Report, Section, Tone } from './document.ts';
import { escapeHtml } from './escape-html.ts';
import { graphSvg } from './graph-svg.ts';
import { HTML_STYLE } from './html-style.ts';

const TONE_WORDS: Readonly<Record<Tone, string>> = {
  bad: 'trouble',
  warn: 'needs a look',
  good: 'fine',
  plain: 'not judged',
};
/** From this length on, a column gets room for whole sentences. */
const WIDE = 40;

/**
 * A whole report as one page: no scripts, no network, and a policy that forbids both to whatever might have slipped in. All texts
 * are escaped here.
 */
export function renderHtml(report: Report): string {
  const style = createHash('sha256').update(HTML_STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="robots" content="noindex">',
    `<title>${escapeHtml(report.headline)}</title>`,
    `<style>${HTML_STYLE}</style>`,
    '</head>',
    '<body>',
    '<a class="skip" href="#summary">To the summary</a>',
    headerHtml(report),
    '<main>',
    ...report.deliverables.map(deliverableHtml),
    '</main>',
    `<footer><p>Made ${escapeHtml(timeText(report.createdAt))} by Holdfast ${escapeHtml(report.version)}. Secrets and personal data are left out.</p></footer>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function headerHtml({ headline, id, status, tone, createdAt, target, deliverables }: Report): string {
  const facts = [...target, ['Examined', timeText(createdAt)] as const, ['Report', id] as const];
  const links = deliverables.map(
    one =>
      `<li><a href="#${one.id}">${escapeHtml(one.title)} ${badge(one.tone, TONE_WORDS[one.tone])}</a></li>`,
  );
  return [
    '<header>',
    '<p class="eyebrow">Holdfast doctor</p>',
    `<h1>${escapeHtml(headline)}</h1>`,
    `<p>${badge(tone, status.replaceAll('_', ' '))}</p>`,
    `<dl class="facts">${facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>`,
    `<nav aria-label="Deliverables"><ul>${links.join('')}</ul></nav>`,
    '</header>',
  ].join('\n');
}

function badge(tone: Tone, text: string): string {
  return `<span class="badge ${tone}">${escapeHtml(text)}</span>`;
}

function deliverableHtml({ id, title, tone, lead, sections }: Deliverable): string {
  return [
    `<section class="deliverable" id="${id}" aria-labelledby="${id}-title">`,
    `<h2 id="${id}-title">${escapeHtml(title)} ${badge(tone, TONE_WORDS[tone])}</h2>`,
    `<p class="lead">${escapeHtml(lead)}</p>`,
    ...sections.map(sectionHtml),
    '</section>',
  ].join('\n');
}

function sectionHtml({ title, blocks }: Section): string {
  return [`<h3>${escapeHtml(title)}</h3>`, ...blocks.map(blockHtml)].join('\n');
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'text':
      return `<p>${escapeHtml(block.text)}</p>`;
    case 'callout':
      return `<div class="callout ${block.tone}"><strong>${escapeHtml(block.title)}</strong><p>${escapeHtml(block.text)}</p></div>`;
    case 'list':
      return listHtml(block.items, block.ordered);
    case 'missing':
      return `<p class="missing">${escapeHtml(block.what)} could not be had: ${escapeHtml(block.why)}.</p>`;
    case 'commands':
      return `<p class="note">${escapeHtml(block.caption)}:</p><pre tabindex="0"><code>${escapeHtml(block.lines.join('\n'))}</code></pre>`;
    case 'table':
      return tableHtml(block);
    case 'graph':
      return graphHtml(block);
    case 'timeline':
      return timelineHtml(block);
  }
}

function listHtml(items: readonly string[], ordered: boolean): string {
  const tag = ordered ? 'ol' : 'ul';
  return `<${tag}>${items.map(item => `<li>${escapeHtml(item)}</li>`).join('')}</${tag}>`;
}

function tableHtml({ caption, columns, rows, folded = false }: Extract<Block, { kind: 'table' }>): string {
  const wide = columns.map((_, index) => rows.some(row => textOf(row[index] ?? null).length > WIDE));
  const head = columns.map(
    ({ title, numeric }) =>
      `<th scope="col"${numeric === true ? ' class="number"' : ''}>${escapeHtml(title)}</th>`,
  );
  const body = rows.map(row => {
    const cells = row.map((cell, index) =>
      cellHtml(cell, columns[index]?.numeric === true, wide[index] === true),
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  const label = escapeHtml(caption);
  const table = `<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table><caption>${label}</caption><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
  return folded ? `<details><summary>${label} (${rows.length})</summary>${table}</details>` : table;
}

function textOf(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return number(cell);
  return typeof cell === 'string' ? cell : cell.text;
}

function cellHtml(cell: Cell, numeric: boolean, wide: boolean): string {
  const text = escapeHtml(textOf(cell)) || '–';
  const style = numeric ? ' class="number"' : wide ? ' class="wide"' : '';
  if (cell === null || typeof cell !== 'object') return `<td${style}>${text}</td>`;
  const shown = cell.code === true && textOf(cell) !== '' ? `<code>${text}</code>` : text;
  const marked = cell.tone === undefined ? shown : `<span class="badge ${cell.tone}">${shown}</span>`;
  return `<td${style}>${wide && cell.tone !== undefined ? shown : marked}</td>`;
}

const LEGEND = [
  'filled: a cause',
  'dimmed, dashed: a symptom that the cause explains',
  'dashed and coloured: perhaps the cause, not decided',
  'outlined strongly: failed for no known reason',
  'plain: fine',
  'dotted: not examined',
];

function graphHtml({ graph }: Extract<Block, { kind: 'graph' }>): string {
  const legend = `<ul class="legend">${LEGEND.map(item => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
  const picture = `<div class="scroll" role="region" aria-label="Dependency graph" tabindex="0">${graphSvg(graph)}</div>`;
  const words = `<p class="note">The same in words:</p>${listHtml(graph.words, false)}`;
  return `<p>What users meet is above, what it stands on is below. An arrow leads from a cause to what fails because of it.</p>${picture}${legend}${words}`;
}

function timelineHtml({ events, left }: Extract<Block, { kind: 'timeline' }>): string {
  const items = events.map(
    ({ at, source, tone, what }) =>
      `<li class="${tone}"><time datetime="${escapeHtml(at)}">${escapeHtml(timeText(at))}</time><span class="badge ${tone}">${escapeHtml(source)}</span><span class="what">${escapeHtml(what)}</span></li>`,
  );
  const more = left === 0 ? '' : `<p class="missing">${left} earlier events are left out.</p>`;
  return `${more}<ol class="timeline">${items.join('\n')}</ol>`;
}
