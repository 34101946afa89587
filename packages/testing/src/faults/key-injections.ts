import { readFile, rename, writeFile } from 'node:fs/promises';
import { generateKeyring, keyringPath, writeKeyring } from '@holdfast/auth/tokens';
import { systemClock } from '@holdfast/core';
import type { FaultInjection } from './fault-injection.ts';

const SAVED_SUFFIX = '.saved';

/** The keyring is replaced by a new one, as when a secret is set anew at a deployment, and the server restarted. */
export const signingKeyChanged: FaultInjection = {
  name: 'the keyring replaced',
  inject: async stack => {
    const path = keyringPath(stack.home);
    await writeFile(`${path}${SAVED_SUFFIX}`, await readFile(path), { mode: 0o600 });
    await writeKeyring(path, generateKeyring(systemClock));
    await stack.server.stop();
    await stack.server.start();
  },
  heal: async stack => {
    const path = keyringPath(stack.home);
    await rename(`${path}${SAVED_SUFFIX}`, path);
    await stack.server.stop();
    await stack.server.start();
    await stack.restoreDatabase();
  },
  expected: { code: 'signing_key_changed', layer: 'config', subject: 'keyring' },
};

/** The keyring is gone while the server still has it in memory. */
export const keyringRemoved: FaultInjection = {
  name: 'the keyring removed',
  inject: async ({ home }) => rename(keyringPath(home), `${keyringPath(home)}${SAVED_SUFFIX}`),
  heal: async ({ home }) => rename(`${keyringPath(home)}${SAVED_SUFFIX}`, keyringPath(home)),
  expected: { code: 'keyring_unusable', layer: 'config', subject: 'keyring' },
};
