import { defineEntry } from '../../entry.ts';
import { round, secondsText } from '../../quantity.ts';
import { readUptime } from './connectivity-queries.ts';

/** 3: whether the server was started a moment ago. */
export const uptime = defineEntry({
  number: 3,
  id: 'uptime',
  area: 'connectivity',
  title: 'Uptime of the server',
  meaning:
    'The server was started a moment ago. If nobody did that on purpose it crashed or was killed; until caches are warm it is slower than usual.',
  quick: true,
  thresholds: { warnSeconds: 60 },
  check: async ({ db }, { warnSeconds }) => {
    const seconds = round(await readUptime(db), 1);
    const young = seconds < warnSeconds;
    return {
      level: young ? 'warn' : 'ok',
      summary: young ? `started ${secondsText(seconds)} ago` : `up for ${secondsText(seconds)}`,
      ...(young
        ? {
            evidence: [{ uptimeSeconds: seconds }],
            remedy:
              '-- Look at the end of the former log for why it ended: "was terminated by signal 9" is the kernel out of memory (dmesg), "PANIC" a full disk or broken storage.',
          }
        : {}),
      metrics: { uptime_seconds: seconds },
    };
  },
});
