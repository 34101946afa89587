import type { DependencyGraph, GraphNode, GraphRow } from './dependency-graph.ts';
import { escapeHtml } from './escape-html.ts';

const WIDTH = 720;
const LABEL = 82;
/** Lanes for edges lie between the labels and the first box. */
const LANES = 46;
const BOX = { width: 184, height: 40, gapX: 10, gapY: 12 };
const ROW_GAP = 30;
const MARGIN = 14;
const PER_LINE = Math.floor((WIDTH - LABEL - LANES) / (BOX.width + BOX.gapX));
/** What fits into a box, in characters of the two sizes of text. */
const TITLE_CHARACTERS = 22;
const NOTE_CHARACTERS = 28;
const TURN = 6;

interface Place {
  readonly x: number;
  readonly y: number;
}

interface Line {
  readonly row: GraphRow;
  readonly top: number;
  readonly height: number;
  readonly places: ReadonlyMap<string, Place>;
}

/** The graph as an SVG without styles of its own: classes only. The surface is on top, the foundation at the bottom. */
export function graphSvg(graph: DependencyGraph): string {
  const lines = layOut(graph.rows);
  const last = lines.at(-1);
  const height = (last === undefined ? 0 : last.top + last.height) + MARGIN;
  const places = new Map(lines.flatMap(line => [...line.places]));
  const sources = [...new Set(graph.edges.map(({ from }) => from))];
  const edges = graph.edges.map(({ from, to }) =>
    edgePath(places.get(from), places.get(to), laneOf(sources.indexOf(from), sources.length), from),
  );
  return [
    `<svg class="graph" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="graph-title graph-words" xmlns="http://www.w3.org/2000/svg">`,
    '<title id="graph-title">Which failures follow from which cause</title>',
    `<desc id="graph-words">${escapeHtml(graph.words.join(' '))}</desc>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="arrow" d="M0 0 8 4 0 8z"/></marker></defs>',
    ...lines.map(rowSvg),
    ...edges,
    ...lines.flatMap(line => line.row.nodes.map(node => nodeSvg(node, line.places.get(node.id)))),
    '</svg>',
  ].join('\n');
}

/** Causes have the lowest lines of their layer for themselves, so that what follows from them is above. */
function layOut(rows: readonly GraphRow[]): Line[] {
  let top = MARGIN;
  return rows.map(row => {
    const isCause = ({ kind }: GraphNode) => kind === 'cause' || kind === 'suspect';
    const lines = [...chunk(row.nodes.filter(node => !isCause(node))), ...chunk(row.nodes.filter(isCause))];
    const places = new Map(
      lines.flatMap((nodes, index) =>
        nodes.map(({ id }, column): [string, Place] => [
          id,
          { x: LABEL + LANES + column * (BOX.width + BOX.gapX), y: top + index * (BOX.height + BOX.gapY) },
        ]),
      ),
    );
    const height = lines.length * (BOX.height + BOX.gapY) - BOX.gapY;
    const line = { row, top, height, places };
    top += height + ROW_GAP;
    return line;
  });
}

function chunk(nodes: readonly GraphNode[]): GraphNode[][] {
  const count = Math.ceil(nodes.length / PER_LINE);
  return Array.from({ length: count }, (_, index) => nodes.slice(index * PER_LINE, (index + 1) * PER_LINE));
}

function laneOf(index: number, count: number): number {
  return LABEL + ((index + 1) * LANES) / (count + 1);
}

/** Into the gap above the cause, along it to the lane, along the lane to the gap below the other box, and up. */
function edgePath(from: Place | undefined, to: Place | undefined, lane: number, source: string): string {
  if (from === undefined || to === undefined) return '';
  const kind = source.startsWith('cause') ? '' : ' open';
  return `<path class="edge${kind}" d="${routeOf(from, to, lane)}" marker-end="url(#arrow)"/>`;
}

const middleOf = ({ x }: Place): number => x + BOX.width / 2;

function routeOf(from: Place, to: Place, lane: number): string {
  const bottom = to.y + BOX.height;
  const [out, inward] = [from.y - BOX.gapY / 2, bottom + BOX.gapY / 2];
  const turn = inward < out ? -TURN : TURN;
  const besides = Math.abs(inward - out) < 2 * TURN;
  const alongLane = `H${lane + TURN}Q${lane} ${out} ${lane} ${out + turn}V${inward - turn}Q${lane} ${inward} ${lane + TURN} ${inward}`;
  return `M${middleOf(from)} ${from.y}V${out}${besides ? '' : alongLane}H${middleOf(to)}V${bottom + 1}`;
}

function rowSvg({ row, top, height }: Line): string {
  const middle = top + height / 2;
  return `<text class="layer" x="0" y="${middle + 4}">${escapeHtml(row.layer)}</text>`;
}

function nodeSvg({ kind, title, note }: GraphNode, place: Place | undefined): string {
  if (place === undefined) return '';
  const { x, y } = place;
  const full = escapeHtml(`${title} — ${note}`);
  return [
    `<g class="node ${kind}"><title>${full}</title>`,
    `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6"/>`,
    `<text class="name" x="${x + 10}" y="${y + 17}">${escapeHtml(shorten(title, TITLE_CHARACTERS))}</text>`,
    `<text class="note" x="${x + 10}" y="${y + 32}">${escapeHtml(shorten(noteOf(kind, note), NOTE_CHARACTERS))}</text>`,
    '</g>',
  ].join('');
}

function noteOf(kind: GraphNode['kind'], note: string): string {
  if (kind === 'cause') return `cause: ${note}`;
  if (kind === 'suspect') return `perhaps: ${note}`;
  return kind === 'unexplained' ? `unexplained: ${note}` : note;
}

function shorten(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}
