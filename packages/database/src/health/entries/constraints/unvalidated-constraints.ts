import { defineEntry } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { listUnvalidated, type UnvalidatedConstraint } from './constraint-queries.ts';

export const unvalidatedConstraints = defineEntry({
  number: 33,
  id: 'unvalidated-constraints',
  area: 'constraints',
  title: 'Constraints that are NOT VALID',
  meaning:
    'New rows are checked, those from before the constraint never were: some may break it, and the planner does not rely on it.',
  quick: true,
  thresholds: { warnConstraints: 1 },
  check: async ({ db, server }, { warnConstraints }) => {
    const found = await listUnvalidated(db, server.schemas, server.version);
    const metrics = { unvalidated_constraints: found.length };
    if (found.length < warnConstraints) {
      const summary =
        found.length === 0
          ? 'every constraint is validated'
          : `${countText(found.length, 'constraint')} NOT VALID`;
      return { level: 'ok', summary, metrics };
    }
    return {
      level: 'warn',
      summary: `${countText(found.length, 'constraint')} NOT VALID`,
      ...shownEvidence(
        found.map(({ owner, name, kind, definition, rows }) => ({
          table: owner,
          constraint: name,
          kind,
          definition,
          rows: Number(rows),
        })),
      ),
      remedy: remedyFor(found, validation, 20),
      metrics,
    };
  },
});

function validation({ owner, ownerKind, name }: UnvalidatedConstraint): string {
  return `alter ${ownerKind} ${owner} validate constraint ${name};`;
}
