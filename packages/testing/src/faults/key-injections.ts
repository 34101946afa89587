import { randomBytes } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { encryptField, fieldContext } from '@holdfast/auth';
import { generateKeyring, keyringPath, parseKeyring, writeKeyring } from '@holdfast/auth/tokens';
import { newId, systemClock } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import type { Stack } from '../stack.ts';
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

type LooseKey = { use: string; status: string; secret?: string };

/** Changes the keyring file as an editor would, and remembers what was there. */
async function editKeyring({ home }: Stack, edit: (keys: LooseKey[]) => void): Promise<void> {
  const path = keyringPath(home);
  const text = await readFile(path, 'utf8');
  await writeFile(`${path}${SAVED_SUFFIX}`, text, { mode: 0o600 });
  const keyring = JSON.parse(text) as { readonly keys: LooseKey[] };
  edit(keyring.keys);
  await writeFile(path, JSON.stringify(keyring));
}

/** Half of a copy and half of another: an id stands beside material that is not its own. The server lives on. */
export const keyringMixedUp: FaultInjection = {
  name: 'the kid of a key beside the material of another one',
  inject: stack =>
    editKeyring(stack, keys => {
      for (const key of keys) if (key.use === 'refresh') key.secret = randomBytes(32).toString('base64url');
    }),
  heal: keyringRemoved.heal,
  expected: keyringRemoved.expected,
};

/** A second key of a use is current, and the server, restarted, ends at once. */
export const keyringAmbiguous: FaultInjection = {
  name: 'two current keys for one use, and a restart',
  inject: async stack => {
    const other = generateKeyring(systemClock).keys.filter(({ use }) => use === 'refresh');
    await editKeyring(stack, keys => void keys.push(...other));
    await stack.server.stop();
    await stack.server.startInVain();
  },
  heal: async stack => {
    await keyringRemoved.heal(stack);
    await stack.server.start();
  },
  expected: keyringRemoved.expected,
};

/** The key of encrypted fields is made anew, as when it was thought lost, and the server restarted. */
export const encryptionKeyChanged: FaultInjection = {
  name: 'a new key for encrypted fields',
  inject: async stack => {
    await addEncryptedField(stack);
    const [other] = generateKeyring(systemClock).keys.filter(({ use }) => use === 'encrypt');
    await editKeyring(stack, keys => {
      const position = keys.findIndex(({ use, status }) => use === 'encrypt' && status === 'current');
      if (other !== undefined) keys[position] = other;
    });
    await stack.server.stop();
    await stack.server.start();
  },
  heal: signingKeyChanged.heal,
  expected: { code: 'encryption_key_changed', layer: 'config', subject: 'keyring' },
};

async function addEncryptedField(stack: Stack): Promise<void> {
  const keyring = parseKeyring(await readFile(keyringPath(stack.home), 'utf8'));
  const id = newId();
  const context = fieldContext('oauth_providers', 'client_secret_encrypted', id);
  const { ciphertext, keyId } = encryptField(keyring, 'a secret of a client', context);
  await stack.asSuperuser(async db => {
    await db.query(sql`
      insert into oauth_providers (id, slug, kind, display_name, client_secret_encrypted, encryption_key_id)
      values (${id}, 'example', 'oidc', 'Example', ${ciphertext}, ${keyId})
    `);
  });
}

/** The file is sound, but everybody on the machine can read it, as after a copy without its mode. */
export const keyringOpenToOthers: FaultInjection = {
  name: 'chmod 644 of the keyring',
  inject: ({ home }) => chmod(keyringPath(home), 0o644),
  heal: ({ home }) => chmod(keyringPath(home), 0o600),
  expected: keyringRemoved.expected,
};
