import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type KeyUse, keyringPath } from '@holdfast/auth/tokens';
import type { Random } from '@holdfast/core';
import { connect, sql } from '@holdfast/postgres';
import { copyDataDirectory, findFreePort, restoreDataDirectory } from '@holdfast/testing';
import { runHoldfast } from './holdfast-command.ts';
import type { Replica } from './replica.ts';
import type { SoakSystem } from './system.ts';

/** What the harness does to the system. Each one leaves everything running again. */
export interface Operation {
  readonly name: string;
  run(): Promise<void>;
}

export interface OperationsOptions {
  readonly canSkew: boolean;
  /** How long the database is away for the restore. */
  readonly outageMs: number;
}

export interface Operations {
  /** In any order, as often as there is time. */
  readonly faults: readonly Operation[];
  /** A cold physical copy of the database. */
  readonly copy: Operation;
  /** Puts the copy back and records it, as an operator would. */
  readonly restore: Operation;
  /** What must have been done before the first rotation. */
  prepareKeys(): Promise<void>;
}

const SKEW = '+5m';
/** Replicas read the keyring every second; a next key is used when both have it. */
const KEY_REST_MS = 3_000;
const USES = ['sign', 'refresh'] as const;

export function createOperations(
  system: SoakSystem,
  random: Random,
  { canSkew, outageMs }: OperationsOptions,
): Operations {
  const [first, second] = system.replicas;
  const keys = createKeyOperations(system);
  const { copy, restore } = createRestoreOperations(system, outageMs);
  return {
    faults: [
      ...databaseFaults(system, random),
      killReplica(first, random),
      killReplica(second, random),
      rollReplica(first),
      ...USES.map(keys.rotation),
      ...(canSkew ? [skewReplica(second, SKEW), skewReplica(second, undefined)] : []),
    ],
    copy,
    restore,
    prepareKeys: keys.prepare,
  };
}

function databaseFaults({ postgres }: SoakSystem, random: Random): Operation[] {
  const down = (): Promise<void> => delay(random.between(500, 3_000));
  return [
    {
      name: 'PostgreSQL stopped at once (immediate)',
      run: async () => {
        await postgres.stop('immediate');
        await down();
        await postgres.start();
      },
    },
    {
      name: 'PostgreSQL killed (SIGKILL)',
      run: async () => {
        await postgres.kill();
        await down();
        await postgres.start();
      },
    },
    { name: 'PostgreSQL frozen (SIGSTOP)', run: () => postgres.freeze(random.between(2_000, 6_000)) },
  ];
}

function killReplica(replica: Replica, random: Random): Operation {
  return {
    name: `${replica.name} killed (SIGKILL)`,
    run: async () => {
      const skew = replica.skew();
      await replica.kill();
      await delay(random.between(100, 1_500));
      await replica.start(skew);
    },
  };
}

function rollReplica(replica: Replica): Operation {
  return {
    name: `${replica.name} deployed again (SIGTERM)`,
    run: async () => {
      await replica.stop();
      await replica.start(replica.skew());
    },
  };
}

function skewReplica(replica: Replica, skew: string | undefined): Operation {
  return {
    name: skew === undefined ? `${replica.name}: clock right again` : `${replica.name}: clock ${skew}`,
    run: async () => {
      await replica.stop();
      await replica.start(skew);
    },
  };
}

function createKeyOperations({ home, variables }: SoakSystem) {
  const environment = { ...variables, HOLDFAST_HOME: home, HOLDFAST_KEYRING: keyringPath(home) };
  const changedAt = new Map<KeyUse, number>();
  const published = (use: KeyUse): void => void changedAt.set(use, performance.now());
  return {
    prepare: async () => {
      for (const use of USES) {
        await runHoldfast(['keys', 'prepare', '--use', use], environment);
        published(use);
      }
    },
    rotation: (use: KeyUse): Operation => ({
      name: `${use} key rotated`,
      run: async () => {
        const rest = (changedAt.get(use) ?? 0) + KEY_REST_MS - performance.now();
        if (rest > 0) await delay(rest);
        await runHoldfast(['keys', 'rotate', '--use', use, '--force'], environment);
        published(use);
      },
    }),
  };
}

function createRestoreOperations({ home, postgres, replicas, variables }: SoakSystem, outageMs: number) {
  const copyPath = join(home, 'copy');
  let copiedAt: Date | undefined;
  return {
    copy: {
      name: 'cold physical copy taken',
      run: async () => {
        copiedAt = await databaseTime(postgres.cluster().superuserUrl);
        await postgres.stop('fast');
        await copyDataDirectory(postgres.cluster().dataDir, copyPath);
        await postgres.start();
      },
    },
    restore: {
      name: 'older physical copy restored, restore epoch recorded',
      run: async () => {
        if (copiedAt === undefined) throw new Error('there is no copy');
        await postgres.stop('immediate');
        await restoreDataDirectory(copyPath, postgres.cluster().dataDir);
        // Longer than a replica vouches for sessions without asking the database.
        await delay(outageMs);
        // On a port of its own, so that no server gets in before the revocations are in force.
        const { DATABASE_URL: _servers, ...rest } = variables;
        await runHoldfast(['restore-epoch', '--restored-to', copiedAt.toISOString(), '--note', 'soak'], {
          ...rest,
          HOLDFAST_HOME: home,
          HOLDFAST_POSTGRES_PORT: String(await findFreePort()),
          HOLDFAST_POSTGRES_DIR: join(home, 'shared'),
        });
        await postgres.start();
        // A replica that knows nothing of the time that was lost.
        await replicas[0].kill();
        await replicas[0].start(replicas[0].skew());
      },
    },
  };
}

async function databaseTime(url: string): Promise<Date> {
  const connection = await connect({ url });
  try {
    return (await connection.one(sql<{ now: Date }>`select clock_timestamp() as now`)).now;
  } finally {
    await connection.close();
  }
}
