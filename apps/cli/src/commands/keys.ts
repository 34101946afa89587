import {
  ensureKeyring,
  type Keyring,
  type KeyUse,
  keyringPath,
  loadKeyring,
  prepareNextKey,
  revokeKey,
  rotateKey,
  writeKeyring,
} from '@holdfast/auth/tokens';
import { HoldfastError, systemClock } from '@holdfast/core';
import { findRunningKeeper, homePaths } from '@holdfast/keeper';
import { type CommandContext, defineCommand, type OptionDefinitions } from '../command.ts';
import type { Configuration } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';

const OPTIONS = {
  use: { type: 'string', value: 'USE', description: 'sign, refresh or encrypt (default sign)' },
} as const satisfies OptionDefinitions;

type Context = CommandContext<typeof OPTIONS>;

/** `holdfast keys`: the keyring. */
export const keys = defineCommand({
  usage: 'list|path|create|prepare|rotate|revoke [KID]',
  description:
    'Shows and changes the keyring. list shows the keys without their secrets; path shows where the file is; create makes the keyring of a new installation; prepare publishes the next key; rotate makes the next key the current one and logs nobody out; revoke removes a key that is not current, and everything made with it stops working. Running servers take a change up when they are started again.',
  maxPositionals: 2,
  options: OPTIONS,
  examples: [
    ['holdfast keys list', 'the keys, their use and their status'],
    [
      'holdfast keys prepare && holdfast keys rotate',
      'a new signing key; verifiers should see the next key before it is used',
    ],
    ['holdfast keys revoke KID', 'after a leak; rotate first'],
  ],
  exitStatus: [
    [0, 'done'],
    [1, 'it was refused; for example there is no next key yet'],
    [2, 'wrong usage, or the keyring is not usable'],
  ],
  run: async context => {
    const [action = 'list', kid] = context.positionals;
    const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action as keyof typeof ACTIONS] : undefined;
    if (run === undefined || (kid !== undefined) !== (action === 'revoke')) {
      throw new HoldfastError(
        'usage',
        `holdfast keys takes ${Object.keys(ACTIONS).join(', ')}; revoke needs a KID.`,
      );
    }
    return run(context, kid ?? '');
  },
});

const ACTIONS = {
  list: async ({ configuration, terminal }: Context): Promise<ExitCode> => {
    const shown = describe(await load(configuration()));
    terminal.result({ keys: shown }, () =>
      shown
        .map(key => `${key.use.padEnd(8)} ${key.status.padEnd(8)} ${key.createdAt}  ${key.kid}`)
        .join('\n'),
    );
    return 0;
  },
  path: async ({ configuration, terminal }: Context): Promise<ExitCode> => {
    const path = writablePath(configuration());
    terminal.result({ path }, () => path);
    return 0;
  },
  create: async ({ configuration, terminal }: Context): Promise<ExitCode> => {
    const effective = configuration();
    const path = writablePath(effective);
    if (path !== keyringPath(effective.home)) {
      throw new HoldfastError(
        'usage',
        'HOLDFAST_KEYRING is set; a keyring is only made in the state directory.',
      );
    }
    const { created } = await ensureKeyring(effective.home, systemClock);
    if (!created) throw new HoldfastError('conflict', `There is a keyring already: ${path}`);
    terminal.result(
      { path, created },
      () => `Made ${path}. Keep a copy in a safe place: it is in no backup of the database.`,
    );
    return 0;
  },
  prepare: (context: Context): Promise<ExitCode> =>
    change(context, (keyring, use) => prepareNextKey(keyring, use, systemClock)),
  rotate: (context: Context): Promise<ExitCode> =>
    change(context, (keyring, use) => rotateKey(keyring, use, systemClock)),
  revoke: (context: Context, kid: string): Promise<ExitCode> =>
    change(context, keyring => revokeKey(keyring, kid)),
} satisfies Record<string, (context: Context, kid: string) => Promise<ExitCode>>;

async function change(
  { configuration, options, terminal }: Context,
  apply: (keyring: Keyring, use: KeyUse) => Keyring,
): Promise<ExitCode> {
  const effective = configuration();
  const path = writablePath(effective);
  const keyring = apply(await load(effective), parseUse(options.use));
  await writeKeyring(path, keyring);
  const shown = describe(keyring);
  terminal.result({ path, keys: shown }, () =>
    shown.map(key => `${key.use.padEnd(8)} ${key.status.padEnd(8)} ${key.kid}`).join('\n'),
  );
  remind(effective, terminal);
  return 0;
}

function parseUse(text: string | undefined): KeyUse {
  const use = (['sign', 'refresh', 'encrypt'] as const).find(known => known === (text ?? 'sign'));
  if (use === undefined)
    throw new HoldfastError('usage', `--use must be sign, refresh or encrypt, not "${text}".`);
  return use;
}

function load({ home, settings }: Configuration): Promise<Keyring> {
  return loadKeyring({ home, setting: settings.keyring });
}

function writablePath({ home, settings: { keyring } }: Configuration): string {
  if (keyring?.trimStart().startsWith('{') !== true) return keyring ?? keyringPath(home);
  throw new HoldfastError(
    'conflict',
    'HOLDFAST_KEYRING holds the keyring itself, so there is no file. Change it where that variable is set.',
  );
}

/** The keys without their material. */
function describe({
  keys: all,
}: Keyring): { kid: string; use: KeyUse; algorithm: string; status: string; createdAt: string }[] {
  return all.map(({ kid, use, algorithm, status, createdAt }) => ({
    kid,
    use,
    algorithm,
    status,
    createdAt,
  }));
}

function remind({ home }: Configuration, terminal: Terminal): void {
  if (findRunningKeeper(homePaths(home)) === undefined) return;
  terminal.warning(
    'a Holdfast runs on this state directory: restart its server, so that it takes the change up',
  );
}
