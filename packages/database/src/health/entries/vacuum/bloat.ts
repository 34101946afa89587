import { errorMessage } from '@holdfast/core';
import type { Evidence, HealthContext, HealthReading } from '../../entry.ts';
import { type Level, levelAbove, shownEvidence, worstLevel } from '../../judge.ts';
import { bytesText, countText, percentOf } from '../../quantity.ts';
import type { StoredRelation } from './bloat-queries.ts';

export interface BloatLimits {
  readonly warnPercent: number;
  readonly criticalPercent: number;
  /** Less waste than this is not worth the work. */
  readonly minBytes: number;
}

export interface BloatQuestion {
  readonly kind: 'table' | 'index';
  readonly relations: readonly StoredRelation[];
  /** Undefined when it cannot be estimated. */
  readonly expectedPages: (relation: StoredRelation) => number | undefined;
  /** Bytes wasted and in all, read from the relation itself with pgstattuple; undefined when that is not installed. */
  readonly measure: ((relation: StoredRelation) => Promise<Measured>) | undefined;
  readonly remedy: (worst: Bloated) => string;
  readonly limits: BloatLimits;
}

export interface Measured {
  readonly bytes: number;
  readonly wasted: number;
}

export interface Bloated extends Measured {
  readonly name: string;
  readonly percent: number;
  readonly method: 'measured' | 'estimated';
}

/** So many of the worst are measured after the estimate. */
const MEASURED = 3;

/** Estimates all, measures the worst and those that could not be estimated, and judges. */
export async function judgeBloat(context: HealthContext, question: BloatQuestion): Promise<HealthReading> {
  const { relations, kind, limits } = question;
  const estimates = relations.map(relation => ({ relation, found: estimate(relation, question) }));
  const blind = estimates.filter(({ found }) => found === undefined).length;
  const { bloated, note } = await refine(estimates, question);
  const level = (one: Bloated): Level =>
    one.wasted < limits.minBytes ? 'ok' : levelAbove(one.percent, limits.warnPercent, limits.criticalPercent);
  const bad = bloated.filter(one => level(one) !== 'ok').sort((a, b) => b.wasted - a.wasted);
  const wasted = bloated.reduce((sum, one) => sum + Math.max(0, one.wasted), 0);
  const metrics = { [`${kind}_bloat_bytes`]: wasted, [`bloated_${kind}_count`]: bad.length };
  const [worst] = bad;
  const unseen = blind === 0 ? '' : `; ${countText(blind, 'large one')} without statistics`;
  if (worst === undefined && bloated.length === 0 && blind > 0)
    return { level: 'skipped', why: blindText(blind, context) };
  if (worst === undefined) {
    return {
      level: 'ok',
      summary: `none of ${countText(relations.length, `large ${kind}`, `large ${plural(kind)}`)}${unseen}`,
      metrics,
    };
  }
  return {
    level: worstLevel(bad.map(level)),
    summary: `${countText(bad.length, kind, plural(kind))}; ${worst.name} wastes ${bytesText(worst.wasted)} of ${bytesText(worst.bytes)} (${worst.method})${unseen}${note}`,
    ...shownEvidence(bad.map(bloatEvidence)),
    remedy: question.remedy(worst),
    metrics,
  };
}

function plural(kind: 'table' | 'index'): string {
  return kind === 'table' ? 'tables' : 'indexes';
}

function blindText(blind: number, { server }: HealthContext): string {
  return `none of ${countText(blind, 'large relation')} has statistics that ${server.user} may read: analyze; or grant pg_read_all_data to "${server.user}"`;
}

function estimate(relation: StoredRelation, { expectedPages }: BloatQuestion): Bloated | undefined {
  const expected = expectedPages(relation);
  if (expected === undefined) return undefined;
  const { name, pages, block } = relation;
  const wasted = Math.max(0, pages - expected) * block;
  return {
    name,
    bytes: pages * block,
    wasted,
    percent: percentOf(wasted, pages * block),
    method: 'estimated',
  };
}

type Estimate = { readonly relation: StoredRelation; readonly found: Bloated | undefined };

/** An estimate that is worth a warning is confirmed where it can be; one that cannot stays as it is. */
async function refine(
  estimates: readonly Estimate[],
  { measure, limits }: BloatQuestion,
): Promise<{ bloated: Bloated[]; note: string }> {
  const doubtful = ({ found }: Estimate): boolean =>
    found === undefined || (found.percent >= limits.warnPercent && found.wasted >= limits.minBytes);
  const waste = ({ found, relation }: Estimate): number => found?.wasted ?? relation.pages * relation.block;
  const candidates = estimates
    .filter(doubtful)
    .toSorted((a, b) => waste(b) - waste(a))
    .slice(0, MEASURED);
  const measured = new Map<Estimate, Bloated>();
  let note = '';
  for (const candidate of measure === undefined ? [] : candidates) {
    try {
      const found = await measure?.(candidate.relation);
      if (found === undefined) continue;
      const percent = percentOf(found.wasted, found.bytes);
      measured.set(candidate, { ...found, name: candidate.relation.name, percent, method: 'measured' });
    } catch (error) {
      note = `; could not be measured: ${errorMessage(error)}`;
      break;
    }
  }
  return { bloated: estimates.flatMap(one => measured.get(one) ?? one.found ?? []), note };
}

function bloatEvidence({ name, bytes, wasted, percent, method }: Bloated): Evidence {
  return { relation: name, bytes, wasted: Math.round(wasted), percent, method };
}
