import { HoldfastError } from '@holdfast/core';
import type { Operator } from './http/operator-auth.ts';
import type { OpsTarget } from './http/ops-routes.ts';
import type { KeeperCore } from './keeper-core.ts';
import type { Observation } from './observe.ts';
import { readHealthSamples } from './records/health-samples.ts';
import { requestTakeover } from './restore/take-over.ts';
import type { SystemStatus } from './status.ts';

export type Diagnose = () => Promise<{ readonly text: string; readonly diagnosis: unknown }>;

/** What the ops API can see and do. */
export function createOpsTarget(
  core: KeeperCore,
  seen: Observation,
  status: () => SystemStatus,
  diagnose: Diagnose,
): OpsTarget {
  let running: ReturnType<Diagnose> | undefined;
  return {
    status,
    incidents: limit => core.incidents.list(limit),
    incidentsOpened: () => core.incidents.openedCount,
    samples: limit => readHealthSamples(core.samples, limit),
    databaseHealth: () => seen.health.latest,
    restart: (part, operator) => {
      const supervisor = core.supervisors.get(part);
      if (supervisor === undefined) {
        throw new HoldfastError(
          'not_found',
          `This keeper does not manage ${part}; restart it where it was started.`,
        );
      }
      core.logger.warn({ part, operator: describeOperator(operator) }, 'restart was requested');
      supervisor.restart();
    },
    takeOver: (id, operator) => {
      core.logger.warn({ id, operator: describeOperator(operator) }, 'a restore is to take over');
      return requestTakeover(core, id);
    },
    diagnose: operator => {
      core.logger.info({ operator: describeOperator(operator) }, 'diagnosis was requested');
      running ??= diagnose().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}

function describeOperator(operator: Operator): string {
  return operator.kind === 'account' ? `account ${operator.userId}` : 'break-glass token';
}
