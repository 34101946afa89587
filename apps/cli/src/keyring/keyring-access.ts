import { type Keyring, type KeyringKey, type KeyUse, keyringPath, loadKeyring } from '@holdfast/auth/tokens';
import { HoldfastError } from '@holdfast/core';
import type { Configuration } from '../env.ts';

/** The keyring that servers with this configuration use. */
export function loadConfiguredKeyring({ home, settings }: Configuration): Promise<Keyring> {
  return loadKeyring({ home, setting: settings.keyring });
}

/** The file to change. @throws HoldfastError `conflict` when the keyring is in a variable and no file exists. */
export function writableKeyringPath({ home, settings: { keyring } }: Configuration): string {
  if (keyring?.trimStart().startsWith('{') !== true) return keyring ?? keyringPath(home);
  throw new HoldfastError(
    'conflict',
    'HOLDFAST_KEYRING holds the keyring itself, so there is no file. Change it where that variable is set.',
  );
}

export function parseKeyUse(text: string | undefined): KeyUse {
  const use = (['sign', 'refresh', 'encrypt'] as const).find(known => known === (text ?? 'sign'));
  if (use === undefined)
    throw new HoldfastError('usage', `--use must be sign, refresh or encrypt, not "${text}".`);
  return use;
}

/** A key without its material. */
export type DescribedKey = Pick<KeyringKey, 'kid' | 'use' | 'algorithm' | 'status' | 'createdAt'>;

export function describeKeys({ keys }: Keyring): DescribedKey[] {
  return keys.map(({ kid, use, algorithm, status, createdAt }) => ({
    kid,
    use,
    algorithm,
    status,
    createdAt,
  }));
}

export function renderKeys(keys: readonly DescribedKey[]): string {
  return keys
    .map(key => `${key.use.padEnd(8)} ${key.status.padEnd(8)} ${key.createdAt}  ${key.kid}`)
    .join('\n');
}
