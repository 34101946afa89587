import { formatDuration } from '../duration.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

/** The text of `.env.example`: every variable with its meaning and its default, all commented out. */
export function envExample(): string {
  const blocks = Object.values<Setting<unknown>>(SETTINGS).map(setting => {
    const value = setting.example ?? setting.fallback ?? '';
    const required = setting.requiredFor.map(role => `holdfast ${role}`).join(', ');
    const note = required === '' ? '' : ` Required by ${required}.`;
    return `# ${setting.description}${note}\n#${setting.variable}=${value}`;
  });
  const head = `# Every variable Holdfast reads. None is needed for \`npm start\`.\n# Durations carry a unit: ${formatDuration(500)}, 30s, 15m, 12h, 7d.`;
  return `${[head, ...blocks].join('\n\n')}\n`;
}
