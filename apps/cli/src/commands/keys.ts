import { existsSync } from 'node:fs';
import {
  ensureKeyring,
  type Keyring,
  keyringPath,
  markKeyRevoked,
  prepareNextKey,
  revokeKey,
  writeKeyring,
} from '@holdfast/auth/tokens';
import { errorMessage, HoldfastError, systemClock } from '@holdfast/core';
import type { Connection } from '@holdfast/postgres';
import { readClusterState } from '@holdfast/postgres/cluster';
import { type CommandContext, defineCommand, type OptionDefinitions } from '../command.ts';
import { withOwnerConnection } from '../database-access.ts';
import type { Configuration } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { checkKeys, renderKeyCheck } from '../keyring/check.ts';
import {
  describeKeys,
  loadConfiguredKeyring,
  parseKeyUse,
  renderKeys,
  writableKeyringPath,
} from '../keyring/keyring-access.ts';
import { describeRevocation } from '../keyring/revoke.ts';
import { rotate } from '../keyring/rotate.ts';
import type { Terminal } from '../terminal.ts';

const OPTIONS = {
  use: { type: 'string', value: 'USE', description: 'sign, refresh or encrypt (default sign)' },
  force: {
    type: 'boolean',
    description:
      'rotate although the next key may not have reached everybody; create although users rely on a keyring that is missing',
  },
  yes: { type: 'boolean', description: 'revoke; without it, only what would stop working is shown' },
} as const satisfies OptionDefinitions;

type Context = CommandContext<typeof OPTIONS>;

/** `holdfast keys`: the keyring. */
export const keys = defineCommand({
  usage: 'list|path|create|prepare|rotate|revoke|check [KID]',
  description:
    'Shows and changes the keyring. list shows the keys without their secrets; path shows where the file is; create makes the keyring of a new installation; prepare publishes the next key; rotate makes the next key the current one and logs nobody out; revoke removes a key that is not current, and everything made with it stops working; check decrypts every encrypted field and compares the keyring with the keys that the database knows. Running servers follow a change of the file within about a second; where HOLDFAST_KEYRING holds the keyring itself, they are started again.',
  maxPositionals: 2,
  options: OPTIONS,
  examples: [
    ['holdfast keys list', 'the keys, their use and their status'],
    ['holdfast keys prepare', 'publish the next signing key in the JWKS'],
    ['holdfast keys rotate', 'at least five minutes later: sign with it'],
    ['holdfast keys prepare --use refresh', 'the same two steps for the key behind refresh tokens'],
    ['holdfast keys revoke KID', 'what would stop working; with --yes, do it. After a leak: rotate first'],
    ['holdfast keys check', 'after a restore: do keyring and database belong together?'],
  ],
  exitStatus: [
    [0, 'done; check: everything decrypts and no key is lost'],
    [1, 'refused, or not done for lack of --yes; check: a field does not decrypt or a key is lost'],
    [2, 'wrong usage, or the keyring is not usable'],
    [3, 'the database is not available'],
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
    const shown = describeKeys(await loadConfiguredKeyring(configuration()));
    terminal.result({ keys: shown }, () => renderKeys(shown));
    return 0;
  },
  path: async ({ configuration, terminal }: Context): Promise<ExitCode> => {
    const path = writableKeyringPath(configuration());
    terminal.result({ path }, () => path);
    return 0;
  },
  create: runCreate,
  prepare: async (context: Context): Promise<ExitCode> => {
    const { path, keyring } = await openForChange(context);
    const changed = prepareNextKey(keyring, parseKeyUse(context.options.use), systemClock);
    return finish(context.terminal, path, changed, {});
  },
  rotate: async (context: Context): Promise<ExitCode> => {
    const { path, keyring, configuration } = await openForChange(context);
    const options = { clock: systemClock, force: context.options.force === true };
    const rotation = rotate(keyring, parseKeyUse(context.options.use), configuration.settings, options);
    const { keyring: changed, ...told } = rotation;
    return finish(context.terminal, path, changed, told, rotation.outstanding);
  },
  revoke: runRevoke,
  check: async ({ configuration, terminal }: Context): Promise<ExitCode> => {
    const effective = configuration();
    const keyring = await loadConfiguredKeyring(effective);
    const check = await withOwnerConnection(effective, terminal, db => checkKeys(db, keyring));
    terminal.result(check, () => renderKeyCheck(check));
    return check.ok ? 0 : 1;
  },
} satisfies Record<string, (context: Context, kid: string) => Promise<ExitCode>>;

async function runCreate(context: Context): Promise<ExitCode> {
  const { configuration, terminal } = context;
  const effective = configuration();
  const path = writableKeyringPath(effective);
  if (path !== keyringPath(effective.home)) {
    throw new HoldfastError(
      'usage',
      'HOLDFAST_KEYRING is set; a keyring is only made in the state directory.',
    );
  }
  const hadKeyring = existsSync(path);
  if (
    !hadKeyring &&
    context.options.force !== true &&
    (await readClusterState(effective.home)) !== undefined
  ) {
    throw new HoldfastError(
      'conflict',
      `${effective.home} holds a database whose users rely on a keyring that is missing. Put the former ${path} back from its copy; a new one ends every session. To do that all the same: --force`,
    );
  }
  const { created } = await ensureKeyring(effective.home, systemClock);
  if (!created) throw new HoldfastError('conflict', `There is a keyring already: ${path}`);
  terminal.result(
    { path, created },
    () => `Made ${path}. Keep a copy in a safe place: it is in no backup of the database.`,
  );
  return 0;
}

async function runRevoke(context: Context, kid: string): Promise<ExitCode> {
  const { path, keyring, configuration } = await openForChange(context);
  const changed = revokeKey(keyring, kid);
  const key = keyring.keys.find(candidate => candidate.kid === kid);
  if (key === undefined) return 1;
  const { settings } = configuration;
  const { terminal } = context;
  const confirmed = context.options.yes === true;
  const effect = await askDatabase(configuration, terminal, db => describeRevocation(key, settings, db));
  if (!confirmed) {
    const hint = `Nothing was changed. Do it with: holdfast keys revoke ${kid} --yes`;
    terminal.result({ revoked: false, ...effect }, () => `${effect.explanation}\n${hint}`);
    return 1;
  }
  await writeKeyring(path, changed);
  await askDatabase(configuration, terminal, async db => db !== undefined && markKeyRevoked(db, kid));
  const shown = describeKeys(changed);
  terminal.result({ revoked: true, ...effect, path, keys: shown }, () =>
    [effect.explanation, renderKeys(shown)].join('\n'),
  );
  return 0;
}

/** A leaked key must be revocable while the database is down, so the answer may be a guess without it. */
async function askDatabase<T>(
  configuration: Configuration,
  terminal: Terminal,
  ask: (db: Connection | undefined) => Promise<T>,
): Promise<T> {
  try {
    return await withOwnerConnection(configuration, terminal, ask);
  } catch (error) {
    terminal.warning(`the database was not asked: ${errorMessage(error)}`);
    return ask(undefined);
  }
}

async function openForChange({ configuration }: Context) {
  const effective = configuration();
  const path = writableKeyringPath(effective);
  return { path, keyring: await loadConfiguredKeyring(effective), configuration: effective };
}

async function finish(
  terminal: Terminal,
  path: string,
  keyring: Keyring,
  told: Readonly<Record<string, unknown>>,
  explanation?: string,
): Promise<ExitCode> {
  await writeKeyring(path, keyring);
  const shown = describeKeys(keyring);
  terminal.result({ path, ...told, keys: shown }, () =>
    [renderKeys(shown), ...(explanation === undefined ? [] : [explanation])].join('\n'),
  );
  return 0;
}
