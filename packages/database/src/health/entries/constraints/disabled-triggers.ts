import { defineEntry } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { listSwitchedTriggers, type SwitchedTrigger } from './constraint-queries.ts';

const FIRES = { D: 'never', R: 'in replication sessions only', A: 'always' } as const;

export const disabledTriggers = defineEntry({
  number: 36,
  id: 'disabled-triggers',
  area: 'constraints',
  title: 'Triggers that are switched off',
  meaning:
    'What the trigger keeps true is not kept. Behind a foreign key it is the foreign key itself: it stands in the catalog, counts as valid and is not enforced.',
  quick: true,
  thresholds: { warnTriggers: 1, criticalForeignKeyTriggers: 1 },
  check: async ({ db, server }, { warnTriggers, criticalForeignKeyTriggers }) => {
    const switched = await listSwitchedTriggers(db, server.schemas);
    // ENABLE ALWAYS is on, and in more sessions than usual
    const off = switched.filter(({ enabled }) => enabled !== 'A');
    const always = switched.length - off.length;
    const keys = off.filter(({ foreignKey }) => foreignKey).length;
    const metrics = { disabled_triggers: off.length, disabled_foreign_key_triggers: keys };
    const note =
      always > 0 ? `; ${countText(always, 'trigger')} ENABLE ALWAYS, also in replication sessions` : '';
    if (off.length < warnTriggers) return { level: 'ok', summary: `every trigger is on${note}`, metrics };
    return {
      level: keys >= criticalForeignKeyTriggers ? 'critical' : 'warn',
      summary: `${countText(off.length, 'trigger')} off, ${keys} of them behind foreign keys${note}`,
      ...shownEvidence(
        off.map(({ table, name, enabled, constraint }) => ({
          table,
          trigger: name,
          fires: FIRES[enabled],
          constraint,
        })),
      ),
      remedy: `${remedyFor(statements(off), text => text, 20)}\n-- then look for what came in meanwhile\nholdfast detailed-health --full --only orphans`,
      metrics,
    };
  },
});

/** An internal trigger is switched with all of its table, and by a superuser only. */
function statements(off: readonly SwitchedTrigger[]): string[] {
  return [
    ...new Set(
      off.map(({ table, name, constraint }) =>
        constraint === null
          ? `alter table ${table} enable trigger ${name};`
          : `alter table ${table} enable trigger all;`,
      ),
    ),
  ];
}
