import type { Fault, FaultContext, Repair } from '../engine/index.ts';
import { shellWord } from './shell-word.ts';
import { API_GONE, API_SYMPTOMS, detailOf, nameOf } from './symptoms.ts';

const START_AGAIN =
  'Start the server again when it has ended: holdfast start, or holdfast serve when it runs alone.';

/** The keyring file, when all that is wrong with it is that others can read it. */
function openFileOf({ outcomes }: FaultContext): string | undefined {
  const open = outcomes('config.keyring_private').find(({ outcome }) => outcome === 'fail');
  return open?.subject?.slice('file:'.length);
}

function keyringRepair(openFile: string | undefined): Repair {
  if (openFile !== undefined) {
    const steps = [
      `Close it to other users: chmod 600 ${shellWord(openFile)}. The keys in it are sound: nothing else has to change.`,
      'If others on this machine may have read it, change the keys afterwards: holdfast keys rotate, which signs nobody out.',
      START_AGAIN,
    ];
    return { risk: 'safe', steps, undo: 'None needed.' };
  }
  const steps = [
    'Put keyring.json back from its backup, readable by its owner alone (chmod 600). Do not generate a new one.',
    'Do not stop a server that still runs before the file is back.',
    START_AGAIN,
  ];
  return { risk: 'confirm', steps, undo: 'Remove the file again.' };
}

/** Wrong settings and a missing keyring. */
export const CONFIG_FAULTS: readonly Fault[] = [
  {
    code: 'required_variable_unset',
    layer: 'config',
    subject: { of: 'config.variables_set', general: 'env' },
    summary: context =>
      `The API server cannot start because the variable ${nameOf(context, 'it requires')} is not set.`,
    mechanism: () =>
      'The server checks its settings before it listens and ends at once when one is missing; whoever restarts it sees it end again.',
    mustFail: ['process.server', 'config.start', 'config.variables_set@$'],
    mayFail: ['process.stable', ...API_GONE],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'safe',
      steps: [
        `Set ${nameOf(context, 'the variable')} in the environment or the env file of the server; holdfast config shows what is in effect.`,
        'Start the server again: holdfast serve, or holdfast start.',
      ],
      undo: 'Remove the variable.',
    }),
  },
  {
    code: 'variable_invalid',
    layer: 'config',
    subject: { of: 'config.variables_valid', general: 'env' },
    summary: context =>
      `The API server cannot start because the variable ${nameOf(context, 'it reads')} has a value that cannot be used.`,
    mechanism: () => 'The server checks its settings before it listens and ends at once when one is wrong.',
    mustFail: ['process.server', 'config.start', 'config.variables_valid@$'],
    mayFail: ['process.stable', ...API_GONE],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'safe',
      steps: [
        `Correct ${nameOf(context, 'the variable')}; holdfast config says what is wrong with it.`,
        'Start the server again.',
      ],
      undo: 'Put the old value back.',
    }),
  },
  {
    code: 'keyring_unusable',
    layer: 'config',
    subject: 'keyring',
    summary: context =>
      `The keyring, which holds the keys of all tokens, is not usable${detailOf(context, 'config.keyring')}.`,
    mechanism: () =>
      'A running server still has the keys in memory; it cannot start again without them. New keys would sign everybody out.',
    mustFail: ['config.keyring', 'config.restart'],
    mayFail: ['config.keyring_private', 'process.stable', 'config.start', 'process.server', ...API_GONE],
    mustPass: [],
    grade: 'direct',
    repair: context => keyringRepair(openFileOf(context)),
  },
  {
    code: 'signing_key_changed',
    layer: 'config',
    subject: 'keyring',
    summary: context =>
      `The keys of the tokens were replaced without a rotation, so every token issued before is refused${detailOf(context, 'keys.recorded')}.`,
    mechanism: () =>
      'Tokens are verified with the keyring. New logins work, because they use the new keys; everybody who was signed in gets 401.',
    mustFail: ['keys.recorded'],
    mayFail: ['keys.published', 'auth.old_token'],
    mustPass: ['config.keyring', 'auth.login'],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Put the former keyring.json back from its backup and restart the servers.',
        'To keep tokens of both kinds valid, add the former keys to the present keyring with status "retiring".',
        'From now on change keys with holdfast keys rotate, which signs nobody out.',
      ],
      undo: 'Put the present keyring back and restart the servers.',
    }),
  },
  {
    code: 'database_unreachable',
    layer: 'config',
    subject: { of: 'database.address', general: 'host' },
    summary: context =>
      `The database URL points to ${nameOf(context, 'an address')}, where no PostgreSQL answers.`,
    mechanism: () => 'PostgreSQL itself may be fine: whoever uses this URL asks in the wrong place.',
    mustFail: ['database.port', 'database.address@$'],
    mayFail: API_SYMPTOMS,
    mustPass: ['database.cluster'],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Correct host and port in DATABASE_URL, then restart the server.'],
      undo: 'Put the old value back.',
    }),
  },
  {
    code: 'clock_skew',
    layer: 'time',
    subject: 'clock',
    summary: context => `The clocks of the machines disagree${detailOf(context, 'time.clocks')}.`,
    mechanism: () =>
      'Tokens carry times: one issued by a clock that is ahead is not valid yet elsewhere, and one from a clock that is behind expires early.',
    mustFail: ['time.clocks'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: ['Synchronise the clocks (NTP) of the machines named above.'],
      undo: 'None needed.',
    }),
  },
];
