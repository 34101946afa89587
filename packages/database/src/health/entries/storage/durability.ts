import { defineEntry } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { listSafetySettings, type SafetySetting } from './storage-queries.ts';

export const durability = defineEntry({
  number: 58,
  id: 'durability',
  area: 'storage',
  title: 'fsync, full_page_writes and settings that wait for a restart',
  meaning:
    'With fsync or full_page_writes off, a crash of the machine can damage the database beyond recovery. A setting that waits for a restart comes into force at a moment nobody chose.',
  quick: true,
  thresholds: { criticalUnsafe: 1, warnPending: 1 },
  check: async ({ db }, { criticalUnsafe, warnPending }) => {
    const settings = await listSafetySettings(db);
    const unsafe = settings.filter(isUnsafe);
    const pending = settings.filter(({ pendingRestart }) => pendingRestart);
    const metrics = { unsafe_settings: unsafe.length, pending_restart_settings: pending.length };
    if (unsafe.length < criticalUnsafe && pending.length < warnPending) {
      return {
        level: 'ok',
        summary: 'fsync and full_page_writes are on, nothing waits for a restart',
        metrics,
      };
    }
    const ordered = [...unsafe, ...pending.filter(setting => !isUnsafe(setting))];
    return {
      level: unsafe.length >= criticalUnsafe ? 'critical' : 'warn',
      summary: `${unsafe.length === 0 ? 'fsync and full_page_writes are on' : `${unsafe.map(({ name }) => name).join(' and ')} off`}; ${countText(pending.length, 'setting')} waiting for a restart`,
      ...shownEvidence(
        ordered.map(({ name, setting, pendingRestart }) => ({ name, setting, pendingRestart })),
      ),
      remedy: remedyFor(ordered, remedy, 20),
      metrics,
    };
  },
});

function isUnsafe({ name, setting }: SafetySetting): boolean {
  return (name === 'fsync' || name === 'full_page_writes') && setting === 'off';
}

function remedy(setting: SafetySetting): string {
  if (isUnsafe(setting)) {
    return `alter system set ${setting.name} = on; select pg_reload_conf();`;
  }
  return `-- restart the server when it suits, or take ${setting.name} back\nalter system reset ${setting.name}; select pg_reload_conf();`;
}
