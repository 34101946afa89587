import { errorMessage } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';
import {
  defineEntry,
  type Evidence,
  type HealthContext,
  type HealthEntry,
  type HealthReading,
  type Thresholds,
} from '../../entry.ts';
import { type Level, levelAbove, shownEvidence, worstLevel } from '../../judge.ts';
import { bytesText, countText, percentOf } from '../../quantity.ts';
import type { StoredRelation } from './bloat-queries.ts';

type Kind = 'table' | 'index';

interface BloatLimits {
  readonly warnPercent: number;
  readonly criticalPercent: number;
  /** Less waste than this is not worth the work. */
  readonly minBytes: number;
}

interface BloatJudge {
  readonly kind: Kind;
  /** Undefined when it cannot be estimated. */
  readonly expectedPages: (relation: StoredRelation) => number | undefined;
  readonly remedy: (worst: Bloated) => string;
}

/** What the entries about bloat differ in. */
interface BloatEntry extends BloatJudge {
  readonly number: number;
  readonly title: string;
  readonly meaning: string;
  readonly thresholds: BloatLimits & Thresholds;
  /** Relations of at least so many pages. */
  readonly read: (db: Queryable, schemas: readonly string[], minPages: number) => Promise<StoredRelation[]>;
  /** Bytes wasted and in all, read from the relation itself with pgstattuple, which is in that schema. */
  readonly measure: (db: Queryable, schema: string, relation: StoredRelation) => Promise<Measured>;
}

interface BloatQuestion extends BloatJudge {
  readonly relations: readonly StoredRelation[];
  /** Undefined when pgstattuple is not installed. */
  readonly measure: ((relation: StoredRelation) => Promise<Measured>) | undefined;
  readonly limits: BloatLimits;
}

export interface Measured {
  readonly bytes: number;
  readonly wasted: number;
}

interface Bloated extends Measured {
  readonly name: string;
  readonly percent: number;
  readonly method: 'measured' | 'estimated';
}

/** So many of the worst are measured after the estimate. */
const MEASURED = 3;

const PAGE = 8_192;

/** An entry that estimates the waste of all large relations of a kind and measures the worst, where pgstattuple is there. */
export function bloatEntry({ number, kind, title, meaning, thresholds, ...how }: BloatEntry): HealthEntry {
  return defineEntry({
    number,
    id: `${kind}-bloat`,
    area: 'vacuum',
    title,
    meaning,
    quick: false,
    thresholds,
    check: async (context, limits) => {
      const { db, server } = context;
      const schema = server.extensions.get('pgstattuple');
      return judgeBloat(context, {
        kind,
        limits,
        expectedPages: how.expectedPages,
        remedy: how.remedy,
        relations: await how.read(db, server.schemas, Math.ceil(limits.minBytes / PAGE)),
        measure: schema === undefined ? undefined : relation => how.measure(db, schema, relation),
      });
    },
  });
}

/** Estimates all, measures the worst and those that could not be estimated, and judges. */
async function judgeBloat(context: HealthContext, question: BloatQuestion): Promise<HealthReading> {
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

function plural(kind: Kind): string {
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
