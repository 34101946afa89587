import { defineEntry } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { listReplicationRoles } from './constraint-queries.ts';

export const replicationRole = defineEntry({
  number: 37,
  id: 'replication-role',
  area: 'constraints',
  title: 'session_replication_role in settings',
  meaning:
    'Sessions that begin with it as replica fire no ordinary triggers: foreign keys are not enforced and rows go in unchecked.',
  quick: true,
  thresholds: { criticalSettings: 1 },
  check: async ({ db }, { criticalSettings }) => {
    const found = await listReplicationRoles(db);
    const metrics = { replication_role_settings: found.length };
    if (found.length === 0) return { level: 'ok', summary: 'set nowhere', metrics };
    return {
      level: found.length >= criticalSettings ? 'critical' : 'warn',
      summary: `session_replication_role is set for ${countText(found.length, 'place')}`,
      ...shownEvidence(found.map(({ place, value }) => ({ place, value }))),
      remedy: `${remedyFor(found, ({ remedy }) => remedy, 20)}\n-- sessions that are open keep it until they end; then\nholdfast detailed-health --full --only orphans`,
      metrics,
    };
  },
});
