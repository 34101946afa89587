import { type Check, isSighting } from '../engine/index.ts';
import { blocked, checkOf, count, degraded, fail, pass, sawOf, unknown } from './judge.ts';

const MEBIBYTE = 1_048_576;
const FULL_BYTES = 32 * MEBIBYTE;
const LOW_BYTES = 512 * MEBIBYTE;

const SERVER_CHECK = checkOf({
  id: 'process.server',
  layer: 'process',
  title: 'The API server process runs',
  from: 'process.server',
  judge: ({ running, recorded, pid, startedAt }) => {
    if (running) return pass(`the API server runs as process ${pid} since ${startedAt}`);
    if (!recorded) return fail('no API server is recorded as running');
    return fail(`process ${pid}, which was started ${startedAt}, is gone without having said goodbye`);
  },
});

const LISTENER_CHECK = checkOf({
  id: 'process.port_owner',
  layer: 'process',
  title: 'The port of the API belongs to the API server',
  from: 'process.listener',
  judge: ({ port, isServer, pid, command }, view) => {
    if (isServer) return pass(`port ${port} belongs to the API server`);
    if (pid === undefined && sawOf(view, 'api.port')?.result !== 'open')
      return pass(`nobody else has port ${port}`);
    if (pid === undefined) return unknown(`who listens on port ${port} cannot be seen`);
    return fail(`port ${port} belongs to process ${pid}: ${command ?? 'unknown'}`, `port:${port}`);
  },
});

/** A server that found its port taken has left no run file, but words in its log. */
const LAST_START_CHECK = checkOf({
  id: 'process.port_owner',
  layer: 'process',
  title: 'The port of the API belongs to the API server',
  from: 'logs.server',
  judge: ({ lastStart, lastWords, code }, view) => {
    if (sawOf(view, 'process.server')?.running === true)
      return unknown('the API server has recorded no port');
    if (lastStart === 'unclear') return unknown('the log holds no start of the API server');
    if (code !== 'port_in_use') return pass('the API server got its port at its last start');
    return fail(lastWords ?? code, `port:${/^Port (\d+)/.exec(lastWords ?? '')?.[1] ?? 'unknown'}`);
  },
});

/** The processes of this machine and what they stand on. */
export const PROCESS_CHECKS: readonly Check[] = [
  {
    id: 'process.in_service',
    layer: 'process',
    title: 'Holdfast was started here and not stopped on purpose',
    evaluate: view => {
      const looked = view.get('process.server');
      if (looked !== undefined && !isSighting(looked))
        return [{ ...unknown(looked.couldNotLook), evidence: ['process.server'] }];
      const server = sawOf(view, 'process.server');
      const cluster = sawOf(view, 'database.cluster');
      if (server === undefined || cluster === undefined) return [];
      const recorded = server.recorded || sawOf(view, 'process.keeper')?.recorded === true;
      const stopped = !recorded && !server.running && cluster.state === 'stopped';
      const evidence = ['process.server', 'database.cluster'];
      return stopped
        ? [
            {
              outcome: 'fail',
              detail: 'nothing is recorded as running, and the database was shut down in order',
              evidence,
            },
          ]
        : [{ outcome: 'pass', detail: 'it was', evidence }];
    },
  },
  {
    ...SERVER_CHECK,
    evaluate: view => {
      // One that does not belong on this machine can be seen by its answers only.
      const answers = sawOf(view, 'api.health')?.isHoldfast === true;
      if (sawOf(view, 'process.server') !== undefined || !answers) return SERVER_CHECK.evaluate(view);
      return [{ outcome: 'pass', detail: 'it answers, so it runs', evidence: ['api.health'] }];
    },
  },
  checkOf({
    id: 'process.server_scheduled',
    layer: 'process',
    title: 'The API server process is not suspended',
    from: 'process.server',
    judge: ({ running, suspended, pid }) => {
      if (!running) return blocked('the process does not run');
      return suspended
        ? fail(`process ${pid} is suspended by a signal (state T)`, `pid:${pid}`)
        : pass('it is not suspended');
    },
  }),
  checkOf({
    id: 'process.server_exit',
    layer: 'process',
    title: 'The last run of the API server did not end with an error of its own',
    from: 'logs.server',
    judge: ({ lastStart, lastWords, code }, view) => {
      if (sawOf(view, 'process.server')?.running !== false) return pass('it runs');
      const ownError =
        lastWords !== undefined && code !== 'configuration_invalid' && code !== 'keyring_invalid';
      if (ownError) return fail(`its last words: ${lastWords}`);
      return pass(
        lastStart === 'serving' ? 'its log ends without an error' : 'nothing of the kind in its log',
      );
    },
  }),
  {
    id: 'process.port_owner',
    layer: 'process',
    title: 'The port of the API belongs to the API server',
    evaluate: view => (view.has('process.listener') ? LISTENER_CHECK : LAST_START_CHECK).evaluate(view),
  },
  checkOf({
    id: 'process.keeper',
    layer: 'process',
    title: 'The keeper process runs, where there is one',
    from: 'process.keeper',
    judge: ({ running, recorded, pid }) => {
      if (!recorded) return pass('no keeper is recorded as running');
      return running
        ? pass(`the keeper runs as process ${pid}`)
        : fail(`the keeper, process ${pid}, is gone`);
    },
  }),
  checkOf({
    id: 'process.keeper_scheduled',
    layer: 'process',
    title: 'The keeper process is not suspended',
    from: 'process.keeper',
    judge: ({ recorded, running, suspended, pid }) => {
      if (!recorded) return [];
      if (!running) return blocked('the process does not run');
      return suspended
        ? fail(`process ${pid} is suspended by a signal (state T)`, `pid:${pid}`)
        : pass('it is not suspended');
    },
  }),
  checkOf({
    id: 'process.stable',
    layer: 'process',
    title: 'No part crashes again and again',
    from: 'keeper.incidents',
    judge: ({ open, recovered }) => {
      const loop = open.find(({ kind }) => kind === 'crash-loop');
      if (loop !== undefined)
        return fail(`the ${loop.part} has been crashing since ${loop.startedAt}: ${loop.reason}`);
      return pass(`${count(recovered, 'incident')} of the last day, all over`);
    },
  }),
  checkOf({
    id: 'process.disk',
    layer: 'process',
    title: 'The disk of the state directory has room',
    from: 'process.disk',
    judge: ({ freeBytes, path }) => {
      const free = `${Math.floor(freeBytes / MEBIBYTE)} MiB free on the disk of ${path}`;
      if (freeBytes < FULL_BYTES) return fail(free);
      return freeBytes < LOW_BYTES ? degraded(free) : pass(free);
    },
  }),
];
