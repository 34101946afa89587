import type { Fault, FaultContext } from '../engine/index.ts';
import { API_GONE, API_SYMPTOMS, detailOf, nameOf, suspendedPid } from './symptoms.ts';

const restart = () => ({
  risk: 'safe' as const,
  steps: ['Start the server again: holdfast start, or holdfast serve when it runs alone.'],
  undo: 'Stop it: holdfast stop.',
});

/** For a suspended process the step that lets it go on comes first. */
function resumeOr(context: FaultContext, check: string, otherwise: string): string[] {
  const pid = suspendedPid(context, check);
  if (pid === undefined) return [`${otherwise.charAt(0).toUpperCase()}${otherwise.slice(1)}`];
  return [`Let the process go on: kill -CONT ${pid}.`, `If that is not enough, ${otherwise}`];
}

function whyHung(context: FaultContext): string {
  const suspended = context.outcomes('process.server_scheduled').some(({ outcome }) => outcome === 'fail');
  return suspended
    ? 'A signal has suspended the process (SIGSTOP, a debugger, or Ctrl-Z). The system still accepts connections for it, which looks like a live server.'
    : 'The process runs and its port is open, but it does not get to answer: its event loop is blocked or it is starved of processor time.';
}

/** Processes that are gone, stuck, or not ours. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    code: 'api_process_down',
    layer: 'process',
    subject: 'process:server',
    summary: () => 'The API server process is not running.',
    mechanism: context =>
      `Nothing answers requests, so every call fails whatever it asks for${detailOf(context, 'process.server_exit')}.`,
    mustFail: ['process.server', 'api.port'],
    mayFail: ['process.stable', ...API_GONE, 'process.server_exit'],
    mustPass: [],
    grade: 'direct',
    repair: restart,
  },
  {
    code: 'api_hung',
    layer: 'process',
    subject: 'process:server',
    summary: () => 'The API server process is alive but does not answer.',
    mechanism: whyHung,
    mustFail: ['api.responds'],
    mayFail: ['process.server_scheduled', 'api.health', 'api.ready'],
    mustPass: ['process.server', 'api.port'],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: resumeOr(
        context,
        'process.server_scheduled',
        'restart it: holdfast stop, then holdfast start, or holdfast serve when it runs alone. Requests in flight are lost.',
      ),
      undo: 'None needed.',
    }),
  },
  {
    code: 'port_taken',
    layer: 'process',
    subject: { of: 'process.port_owner', general: 'port' },
    summary: context =>
      `The port${nameOf(context, '', ' ')} of the API belongs to another program, so the API server cannot run there.`,
    mechanism: context => `Callers reach the wrong program${detailOf(context, 'process.port_owner')}.`,
    mustFail: ['process.server', 'process.port_owner@$'],
    mayFail: ['process.stable', 'process.server_exit', 'api.responds', 'api.health', 'api.ready'],
    mustPass: ['api.port'],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: ['Stop the other program, or choose another port with --port, then start the server.'],
      undo: 'Start the other program again.',
    }),
  },
  {
    code: 'holdfast_stopped',
    layer: 'process',
    subject: 'process:holdfast',
    summary: () => 'Holdfast is not running: it was stopped, and nothing here has crashed.',
    mechanism: () => 'The database was shut down in order and no process is recorded as running.',
    mustFail: ['process.in_service', 'process.server', 'database.cluster'],
    mayFail: ['process.stable', 'database.port', 'proxy.port', ...API_GONE],
    mustPass: [],
    grade: 'direct',
    repair: () => ({ risk: 'safe', steps: ['Start it: holdfast start.'], undo: 'Stop it: holdfast stop.' }),
  },
  {
    code: 'holdfast_down',
    layer: 'process',
    subject: 'process:holdfast',
    summary: () =>
      'Holdfast is not running: keeper, API server and database are all gone without having been stopped.',
    mechanism: () => 'The machine was restarted, or somebody or something killed them all.',
    mustFail: ['process.server', 'process.keeper', 'database.cluster'],
    mayFail: ['process.stable', 'process.server_exit', 'database.port', 'proxy.port', ...API_GONE],
    mustPass: ['process.in_service'],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Start it: holdfast start. PostgreSQL recovers by itself from an unclean stop.'],
      undo: 'Stop it: holdfast stop.',
    }),
  },
  {
    code: 'keeper_down',
    layer: 'process',
    subject: 'process:keeper',
    summary: () => 'The keeper, which forwards requests and restarts what dies, is not running.',
    mechanism: () =>
      'Clients use the port of the keeper, so they get no answer, even though the API behind it may be fine.',
    mustFail: ['process.keeper', 'proxy.port'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Start it: holdfast start. It takes over the server and the database that still run.'],
      undo: 'Stop it: holdfast stop.',
    }),
  },
  {
    code: 'keeper_does_not_forward',
    layer: 'proxy',
    subject: 'process:keeper',
    summary: () => 'The API answers directly, but not through the keeper.',
    mechanism: ({ outcomes }) =>
      outcomes('process.keeper_scheduled').some(({ outcome }) => outcome === 'fail')
        ? 'A signal has suspended the keeper (SIGSTOP, a debugger, or Ctrl-Z). The system still accepts connections for it.'
        : 'The keeper forwards to another address than the one the API listens on, or is stuck.',
    mustFail: ['proxy.forwards'],
    mayFail: ['process.keeper_scheduled'],
    mustPass: ['api.responds', 'process.keeper'],
    grade: 'differential',
    repair: context => ({
      risk: 'confirm',
      steps: resumeOr(
        context,
        'process.keeper_scheduled',
        'compare HOLDFAST_API_URL with the address of the API, then restart the keeper.',
      ),
      undo: 'None needed.',
    }),
  },
  {
    code: 'upgrade_dropped',
    layer: 'realtime',
    subject: 'endpoint:/ws',
    summary: context =>
      `WebSockets do not get through, though everything else does${detailOf(context, 'realtime.socket')}.`,
    mechanism: () =>
      'Mostly a proxy before the API that does not pass Upgrade on. Pages work and do not learn of what happens, such as the end of their session.',
    mustFail: ['realtime.socket'],
    mayFail: [],
    mustPass: ['auth.token', 'api.responds'],
    grade: 'differential',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Ask past the proxy, to tell it from the API: holdfast doctor --api-url with the address of the server itself.',
        'Let the proxy pass it on for /ws. nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; and a proxy_read_timeout of more than a minute. Then reload it.',
      ],
      undo: 'Put the old configuration back, and reload.',
    }),
  },
  {
    code: 'disk_full',
    layer: 'process',
    subject: 'disk',
    summary: context => `The disk of the state directory is full${detailOf(context, 'process.disk')}.`,
    mechanism: () => 'PostgreSQL cannot write: changes fail, and it stops when it cannot write its log.',
    mustFail: ['process.disk'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Make room on that disk. Never delete anything inside the data directory of PostgreSQL.',
        'Restart what has stopped.',
      ],
      undo: 'None needed.',
    }),
  },
];
