import type { Diagnosis } from '../../diagnosis.ts';
import { findProcess } from '../../probes/process-table.ts';
import type { Sightings } from '../../sightings.ts';
import type { Hand, HandContext } from '../hand.ts';
import type { PlannedStep, RepairPlan } from '../repair-plan.ts';

/** Lets the API server go on when a signal has suspended it; else ends it and starts it again. */
export const wakeServer: Hand = async context => {
  const seen = saw(context, 'process.server');
  if (seen?.pid === undefined || !seen.running)
    return { cannot: 'which process the API server is, is not known here' };
  if (seen.suspended) return plan('confirm', await continueStep('the API server', seen.pid));
  return plan('confirm', {
    what: 'End the API server, which does not answer, and start it again',
    command: `kill ${seen.pid}; holdfast serve`,
    action: { kind: 'start', part: 'server', replaces: seen.pid },
  });
};

/** The whole belongs to a terminal or a service manager: what a repair starts would be supervised by nobody. */
export const leaveToSupervisor: Hand = async ({ target }) => {
  const home = 'home' in target ? ` --home ${target.home}` : '';
  return {
    cannot: `it runs in the foreground of a terminal or of a service manager, which a repair is not; there: holdfast start${home}`,
  };
};

/** Which backup, and as of when, nobody but a person decides. */
export const leaveToRestore: Hand = async () => ({
  cannot:
    'there is nothing to start, and whether a backup takes the place of what is lost is for you to decide',
});

/** Whether the API server is gone and its keeper runs, which starts it again: between the two, nothing is recorded. */
export function isBeingReplaced({ rootCauses, observations }: Diagnosis): boolean {
  const isDown = rootCauses.some(({ code }) => code === 'api_process_down');
  const server = sawIn(observations, 'process.server');
  return isDown && server?.recorded !== true && sawIn(observations, 'process.keeper')?.running === true;
}

/** Starts the API server that was recorded and is gone. */
export const startServer: Hand = async context => {
  if (isBeingReplaced(context.diagnosis))
    return { cannot: 'the keeper, which runs, replaces it by itself: look again in a moment' };
  if (saw(context, 'process.server')?.recorded !== true)
    return { cannot: 'none is recorded as started from this state directory: holdfast start starts one' };
  return plan('safe', {
    what: 'Start the API server again',
    command: 'holdfast serve',
    action: { kind: 'start', part: 'server', replaces: null },
  });
};

/** Starts the embedded PostgreSQL that has stopped; what runs elsewhere belongs to somebody else. */
export const startDatabase: Hand = async ({ target }) => {
  if (target.database.embedded?.inUse !== true)
    return {
      cannot:
        'this PostgreSQL is not ours to start: as its service manager does, such as systemctl start postgresql',
    };
  return plan('safe', {
    what: 'Start the embedded PostgreSQL again; it recovers by itself',
    command: 'holdfast start',
    action: { kind: 'start', part: 'database', replaces: null },
  });
};

/** Lets PostgreSQL go on when its first process is suspended. */
export const wakeDatabase: Hand = async context => {
  const seen = saw(context, 'database.cluster');
  if (seen?.pid === undefined || !seen.suspended)
    return { cannot: 'no process of PostgreSQL was found suspended on this machine' };
  return plan('confirm', await continueStep('PostgreSQL', seen.pid));
};

/** Lets the keeper go on when a signal has suspended it. */
export const wakeKeeper: Hand = async context => {
  const seen = saw(context, 'process.keeper');
  if (seen?.pid === undefined || !seen.suspended) return { cannot: 'the keeper is not suspended' };
  return plan('confirm', await continueStep('the keeper', seen.pid));
};

/** Closes the keyring to other users; what is wrong inside of it, nobody can make up. */
export const closeKeyring: Hand = async context => {
  const seen = saw(context, 'config.keyring');
  if (seen?.state !== 'open-to-others')
    return { cannot: 'its content cannot be made up: put keyring.json back from its backup' };
  const before = Number.parseInt(/\(mode (\d+)\)/.exec(seen.problem ?? '')?.[1] ?? '644', 8);
  return plan('safe', {
    what: 'Close the keyring to other users',
    command: `chmod 600 ${seen.path}`,
    action: { kind: 'file mode', path: seen.path, mode: 0o600, before },
  });
};

function plan(risk: RepairPlan['risk'], step: PlannedStep): RepairPlan {
  return { risk, effect: 'none', touches: [], undo: 'None needed.', steps: [step] };
}

async function continueStep(what: string, pid: number): Promise<PlannedStep> {
  const startedAt = (await findProcess(pid))?.startedAt ?? null;
  return {
    what: `Let ${what} go on`,
    command: `kill -CONT ${pid}`,
    action: { kind: 'continue', pid, startedAt },
  };
}

type Watched = 'process.server' | 'process.keeper' | 'database.cluster' | 'config.keyring';

function saw<K extends Watched>({ diagnosis }: HandContext, id: K): Sightings[K] | undefined {
  return sawIn(diagnosis.observations, id);
}

function sawIn<K extends Watched>(observations: Diagnosis['observations'], id: K): Sightings[K] | undefined {
  const seen = observations.find(observation => observation.id === id);
  return seen !== undefined && 'saw' in seen ? (seen.saw as unknown as Sightings[K]) : undefined;
}
