import { rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureKeyring, keyringPath } from '@holdfast/auth/tokens';
import { systemClock } from '@holdfast/core';
import { type FaultProxy, startFaultProxy } from '../fault-proxy.ts';
import { atForcedExit } from '../process-end.ts';
import type { Stack } from '../stack.ts';
import { writeVariable } from '../stack-env-file.ts';
import { createStackServer, type StackServer } from '../stack-server.ts';
import type { FaultInjection } from './fault-injection.ts';

interface Replica {
  readonly home: string;
  readonly server: StackServer;
  /** It goes with a process that is ended before it has mended this. */
  readonly stay: () => void;
}

/** A second replica joins behind a balancer that sends every other request to it, and is not like the first one. */
function secondReplica(
  name: string,
  variablesOf: (stack: Stack) => Readonly<Record<string, string>>,
): FaultInjection {
  let replica: Replica | undefined;
  let balancer: FaultProxy | undefined;
  return {
    name,
    inject: async stack => {
      const second = await startReplica(stack, variablesOf(stack));
      replica = second;
      let turn = 0;
      const target = (): string => (turn++ % 2 === 0 ? stack.server.url : second.server.url);
      balancer = await startFaultProxy({ target, dropAnswer: () => false });
      await stack.setVariable('HOLDFAST_API_URL', balancer.url);
    },
    heal: async stack => {
      await stack.setVariable('HOLDFAST_API_URL', undefined);
      await balancer?.close();
      if (replica !== undefined) {
        await replica.server.stop();
        replica.stay();
        await rm(replica.home, { recursive: true });
      }
      // it has left its keys in the database
      await stack.restoreDatabase();
    },
    expected: { code: 'replicas_disagree', layer: 'config', subject: 'replicas' },
  };
}

async function startReplica(stack: Stack, variables: Readonly<Record<string, string>>): Promise<Replica> {
  const home = await mkdtemp(join(tmpdir(), 'hf-replica-'));
  await chmod(home, 0o755);
  await mkdir(join(home, 'logs'));
  await ensureKeyring(home, systemClock);
  const envFile = join(home, 'stack.env');
  const all = { DATABASE_URL: stack.cluster.appUrl, HOLDFAST_PORT: '0', ...variables };
  for (const [variable, value] of Object.entries(all)) await writeVariable(envFile, variable, value);
  const server = createStackServer(home, envFile);
  await server.start();
  const stay = atForcedExit(() => {
    server.signal('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });
  return { home, server, stay };
}

/** It has made a keyring of its own. */
export function replicaWithOtherKeys(): FaultInjection {
  return secondReplica('a second replica with a keyring of its own', () => ({}));
}

/** It has the keyring of the first one, and issues tokens under another name. */
export function replicaWithOtherIssuer(): FaultInjection {
  return secondReplica('a second replica with another HOLDFAST_ISSUER', ({ home }) => ({
    HOLDFAST_KEYRING: keyringPath(home),
    HOLDFAST_ISSUER: 'https://other.example.com',
  }));
}
