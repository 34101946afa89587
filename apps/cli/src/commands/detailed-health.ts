import { defineCommand } from '../command.ts';
import { launcherPid } from '../env.ts';
import { examineTarget, findHealthTarget } from '../health/examine-target.ts';
import { healthExitCode } from '../health/exit-code.ts';
import { listEntries } from '../health/health-list.ts';
import { HEALTH_EXIT_STATUS, HEALTH_OPTIONS, readHealthRequest } from '../health/health-options.ts';
import { renderHealth } from '../health/health-text.ts';
import { repeat } from '../health/repeat.ts';

/** `holdfast detailed-health`: every entry of the catalogue. */
export const detailedHealth = defineCommand({
  usage: '[--watch [SECONDS]]',
  description:
    'Examines a database thoroughly: connections, locks, vacuum, indexes, and whatever else the catalogue has. Works on any PostgreSQL 14 to 18, reads only, takes no lock that could hold anybody up, and needs two connections at most. What cannot be seen is skipped, with the reason and the grant that helps.',
  maxPositionals: 1,
  options: HEALTH_OPTIONS,
  examples: [
    ['holdfast detailed-health', 'everything about the database of ./.holdfast'],
    ['holdfast --database-url postgresql://me@db/shop detailed-health', 'any other PostgreSQL'],
    ['holdfast detailed-health --json | jq .overall_status', 'for monitoring: "ok", "warn" or "critical"'],
    ['holdfast detailed-health --only table-bloat,unused-indexes --budget 60', 'two entries, with more time'],
    ['holdfast detailed-health --threshold connections.warnPercent=60,uptime.warnSeconds=0', 'other limits'],
    ['holdfast detailed-health --watch 30', 'again every 30 seconds, until Ctrl-C'],
  ],
  exitStatus: HEALTH_EXIT_STATUS,
  run: async ({ options, positionals, configuration, flags, environment, terminal }) => {
    const effective = configuration();
    const request = readHealthRequest(options, positionals, effective, environment);
    if (options.list === true) {
      listEntries(request.entries, request.thresholds, terminal);
      return 0;
    }
    const target = await findHealthTarget(effective, flags);
    if (target === undefined) {
      const text = `There is no database to examine: ${effective.home} has none, and DATABASE_URL is not set. Name one with --database-url.`;
      terminal.result({ overall_status: 'unknown', reason: text }, () => text);
      return 3;
    }
    return repeat(request.watch, launcherPid(environment), async (signal, round) => {
      const scope = { quickOnly: false, ...(signal === undefined ? {} : { signal }) };
      const report = await examineTarget(target, request, scope);
      terminal.result(report, () => `${round > 0 ? '\n' : ''}${renderHealth(report, terminal)}`);
      return healthExitCode(report, request.criticalOnly);
    });
  },
});
