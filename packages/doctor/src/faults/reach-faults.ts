import type { Fault } from '../engine/index.ts';
import { detailOf, nameOf } from './symptoms.ts';

/** Processes of a configured system, its proxy and its variables. */
export const REACH_FAULTS: readonly Fault[] = [
  {
    code: 'variable_breaks_rule',
    layer: 'config',
    subject: { of: 'config.rules', general: 'env' },
    summary: context => `The variable ${nameOf(context, 'in question')} of the API is not as it has to be.`,
    mechanism: context => `The rules of the configuration say so${detailOf(context, 'config.rules')}.`,
    mustFail: ['config.rules@$'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        `Set ${nameOf(context, 'it')} to what it was; a secret that tokens or passwords depend on must be the old one, never a new one.`,
        'Restart the API.',
      ],
      undo: 'Put the old value back, and restart.',
    }),
  },
  {
    code: 'snapshot_unusable',
    layer: 'config',
    subject: 'snapshot',
    summary: () => 'What the system should be cannot be read, so part of it was not examined.',
    mechanism: context => `The snapshot is damaged or something else${detailOf(context, 'config.snapshot')}.`,
    mustFail: ['config.snapshot'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: [
        'Put the file back from where it is kept, such as version control.',
        'Or, when the system is known to be well: holdfast snapshot.',
      ],
      undo: 'None needed.',
    }),
  },
  {
    code: 'replica_not_running',
    layer: 'process',
    subject: { of: 'api.listening', general: 'replica' },
    summary: context =>
      `Nothing listens at ${nameOf(context, 'an address of the API')}: the API does not run there.`,
    mechanism: () => 'Requests to it are refused; a proxy before it answers 502.',
    mustFail: ['api.listening@$'],
    mayFail: ['proxy.reply'],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Look at the last lines of its log for why it ended, then start it again.'],
      undo: 'Stop it.',
    }),
  },
  {
    code: 'replica_hung',
    layer: 'process',
    subject: { of: 'api.answering', general: 'replica' },
    summary: context =>
      `The API at ${nameOf(context, 'an address')} accepts connections and does not answer.`,
    mechanism: () => 'Its process is suspended, busy without end, or waits for something that does not come.',
    mustFail: ['api.answering@$'],
    mayFail: ['proxy.reply'],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'See whether it is suspended (state T in ps): then kill -CONT and its pid.',
        'Else take a stack or a heap snapshot for later, and restart it.',
      ],
      undo: 'None needed.',
    }),
  },
  {
    code: 'proxy_not_running',
    layer: 'proxy',
    subject: 'proxy',
    summary: () => 'The proxy before the API does not run.',
    mechanism: context =>
      `Clients reach nothing, while the API itself may work${detailOf(context, 'proxy.listening')}.`,
    mustFail: ['proxy.listening'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Test its configuration (nginx -t, haproxy -c -f FILE), then start it.'],
      undo: 'Stop it.',
    }),
  },
  {
    code: 'proxy_does_not_pass',
    layer: 'proxy',
    subject: 'proxy',
    summary: () => 'The API answers directly, but not through the proxy.',
    mechanism: context =>
      `The proxy asks another address, gives up too early, or refuses${detailOf(context, 'proxy.passes')}.`,
    mustFail: ['proxy.reply', 'proxy.passes'],
    mayFail: [],
    mustPass: ['api.listening', 'api.answering', 'api.sound'],
    grade: 'differential',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Compare the upstream of its configuration with the addresses of the API, correct it, and reload it.',
      ],
      undo: 'Put the old configuration back, and reload.',
    }),
  },
];
