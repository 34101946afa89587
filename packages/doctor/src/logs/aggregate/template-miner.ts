import type { Severity } from '../entry.ts';
import { type MilestoneKind, milestoneOf } from './milestone.ts';

/** Messages that differ in their values alone. */
export interface MessageTemplate {
  tokens: string[];
  count: number;
  severity: Severity;
  firstAt: number;
  lastAt: number;
  /** Where the first one is. */
  readonly source: number;
  readonly line: number;
  readonly milestone: MilestoneKind | undefined;
}

const MAX_TEMPLATES = 1_000;
const MAX_TOKENS = 40;
const MAX_CHILDREN = 100;
const SIMILARITY = 0.5;
const ANY = '<*>';
const VALUE =
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b\d+(?:\.\d+){1,3}(?::\d+)?\b|\b0x[0-9a-f]+\b|\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b|[^\s@"'<>]+@[^\s@"'<>]+\.[a-z]+|"[^"]*"|'[^']*'|\d+/gi;

/**
 * Mines templates of messages as Drain does (He et al., 2017): a tree of fixed depth by number of tokens and first token,
 * and in its leaves the template that agrees in at least half of the tokens. At most 1,000 templates; what comes after
 * them is counted as `dropped`.
 */
export class TemplateMiner {
  readonly templates: MessageTemplate[] = [];
  dropped = 0;
  readonly #leaves = new Map<string, MessageTemplate[]>();
  readonly #children = new Map<number, number>();

  /** Adds a message; undefined when there is no room for a new template. */
  add(
    message: string,
    severity: Severity,
    time: number,
    source: number,
    line: number,
  ): MessageTemplate | undefined {
    const tokens = maskValues(message).split(/\s+/, MAX_TOKENS);
    const leaf = this.#leafOf(tokens);
    const found = nearest(leaf, tokens);
    if (found !== undefined) {
      generalise(found, tokens);
      found.count += 1;
      found.severity = Math.max(found.severity, severity) as Severity;
      found.firstAt = Math.min(found.firstAt, time);
      found.lastAt = Math.max(found.lastAt, time);
      return found;
    }
    if (this.templates.length >= MAX_TEMPLATES) {
      this.dropped += 1;
      return undefined;
    }
    const milestone = milestoneOf(message);
    const made = { tokens, count: 1, severity, firstAt: time, lastAt: time, source, line, milestone };
    leaf.push(made);
    this.templates.push(made);
    return made;
  }

  #leafOf(tokens: readonly string[]): MessageTemplate[] {
    const length = tokens.length;
    const first = tokens[0] ?? '';
    const specific = `${length} ${first.includes('<') ? ANY : first}`;
    const known = this.#leaves.get(specific);
    if (known !== undefined) return known;
    const siblings = this.#children.get(length) ?? 0;
    const key = siblings >= MAX_CHILDREN ? `${length} ${ANY}` : specific;
    const leaf = this.#leaves.get(key) ?? [];
    if (!this.#leaves.has(key)) this.#children.set(length, siblings + 1);
    this.#leaves.set(key, leaf);
    return leaf;
  }
}

/** A message with a sign in the place of each number, identifier, address and quotation. */
export function maskValues(message: string): string {
  return message.slice(0, 1_000).replace(VALUE, ANY);
}

function nearest(leaf: readonly MessageTemplate[], tokens: readonly string[]): MessageTemplate | undefined {
  let best: MessageTemplate | undefined;
  let bestShare = 0;
  for (const template of leaf) {
    let same = 0;
    for (let at = 0; at < tokens.length; at += 1) if (template.tokens[at] === tokens[at]) same += 1;
    const share = same / tokens.length;
    if (share > bestShare) [best, bestShare] = [template, share];
  }
  return bestShare >= SIMILARITY ? best : undefined;
}

function generalise(template: MessageTemplate, tokens: readonly string[]): void {
  for (let at = 0; at < tokens.length; at += 1) {
    if (template.tokens[at] !== tokens[at]) template.tokens[at] = ANY;
  }
}
