import { shellWord } from '@holdfast/core';
import type { Fault, FaultContext, Repair } from '../engine/index.ts';
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
      'Tokens are verified by the keyring: new logins work; everybody signed in before gets 401.',
    mustFail: ['keys.recorded'],
    mayFail: ['keys.published', 'auth.old_token'],
    mustPass: ['config.keyring', 'auth.login'],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Put the former keyring.json back from its backup and restart the servers.',
        'To keep tokens of both kinds valid, add the former keys to the keyring as "retiring".',
        'From now on change keys with holdfast keys rotate, which signs nobody out.',
      ],
      undo: 'Put the present keyring back and restart the servers.',
    }),
  },
  {
    code: 'encryption_key_changed',
    layer: 'config',
    subject: 'keyring',
    summary: context =>
      `The key of encrypted fields is gone from the keyring, so what it encrypted cannot be read${detailOf(context, 'keys.encryption')}.`,
    mechanism: () =>
      'Tokens and passwords do not depend on it, so signing in works; whatever needs such a field fails. The fields are whole: only their key is missing.',
    mustFail: ['keys.encryption'],
    mayFail: ['api.operations'],
    mustPass: ['config.keyring', 'keys.recorded'],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Put the former key back into the keyring from the backup of keyring.json, with status "retiring" beside the present one. Never generate one in its place: it opens nothing.',
        'See that everything decrypts: holdfast keys check. The server then encrypts the fields anew by itself.',
        'From now on change keys with holdfast keys rotate.',
      ],
      undo: 'Put the present keyring back.',
    }),
  },
  {
    code: 'replicas_disagree',
    layer: 'config',
    subject: 'replicas',
    summary: context =>
      `Behind the address of the API are processes with different keys or issuers${detailOf(context, 'keys.shared')}.`,
    mechanism: () =>
      'A token that one of them has issued is refused by the others, so that every user is signed in or not by chance.',
    mustFail: ['keys.shared'],
    mayFail: [
      'keys.published',
      'auth.token',
      'auth.validate',
      'auth.refresh',
      'auth.old_token',
      'auth.logout',
      'auth.revocation',
      'api.operations',
    ],
    mustPass: ['api.responds'],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Find out which keyring was there first: holdfast keys check, beside each process.',
        'Give that keyring.json (HOLDFAST_KEYRING) and one HOLDFAST_ISSUER to all of them, and restart those that had others. Sessions that these began have to sign in again.',
      ],
      undo: 'Put the former files and variables back.',
    }),
  },
  {
    code: 'token_lifetimes_contradict',
    layer: 'config',
    subject: { of: 'config.lifetimes', general: 'env' },
    summary: context =>
      `The variable ${nameOf(context, 'of a lifetime')} makes sessions end before their access tokens do.`,
    mechanism: context =>
      `Clients exchange an access token when it has expired. By then the refresh token is worth nothing, and its user is signed out: often a number in the wrong unit${detailOf(context, 'config.lifetimes')}.`,
    mustFail: ['config.lifetimes@$'],
    mayFail: [],
    mustPass: ['auth.login'],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        `Set ${nameOf(context, 'the variable')} to more than HOLDFAST_ACCESS_TOKEN_TTL, with the right unit, such as 7d; holdfast config shows what is in effect.`,
        'Restart the servers. It holds for sessions that begin or are refreshed from then on.',
      ],
      undo: 'Put the old value back, and restart.',
    }),
  },
  {
    code: 'token_claims_changed',
    layer: 'config',
    subject: { of: 'config.claims', general: 'env' },
    summary: context =>
      `The variable ${nameOf(context, 'of issuer or audience')} was changed, so access tokens from before are refused.`,
    mechanism: context =>
      `The server accepts access tokens with its own issuer and audience only${detailOf(context, 'config.claims')}. Refreshing and signing in work; another service that verifies tokens refuses the new ones until it is changed as well.`,
    mustFail: ['config.claims@$'],
    mayFail: [],
    mustPass: ['auth.login'],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        `Put the old value of ${nameOf(context, 'the variable')} back, and restart the servers.`,
        'If it was meant: give the new one to whoever verifies the tokens, and wait until those from before have expired.',
      ],
      undo: 'Set the new value again, and restart.',
    }),
  },
  {
    code: 'pool_too_small',
    layer: 'config',
    subject: 'env:HOLDFAST_POOL_MAX',
    summary: () => 'The API server has a single database connection, so requests wait for one another.',
    mechanism: context =>
      `One slow statement stops everything that needs the database, while PostgreSQL has nothing to do${detailOf(context, 'config.pool')}.`,
    mustFail: ['config.pool'],
    mayFail: ['api.ready', 'api.operations', 'auth.login', 'auth.token', 'auth.refresh'],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: ['Set HOLDFAST_POOL_MAX to 10 or so, and restart the server.'],
      undo: 'Put the old value back, and restart.',
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
