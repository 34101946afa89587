import { createRequire } from 'node:module';
import { errorMessage, HoldfastError } from '@holdfast/core';
import type { Decrypter, Encrypter } from 'age-encryption';
import { type AgeHeader, decryptAge, encryptAge } from './age-stream.ts';

/** What an encrypted file's name ends with. */
export const ENCRYPTION_ENDING = '.age';
const PAYLOAD_BYTES = 32;

/** Loaded by the first who encrypts: its curves take longer to set up than most commands need for all they do. */
function age(): typeof import('age-encryption') {
  return createRequire(import.meta.url)('age-encryption');
}

/** Encrypts for recipients; makes files that the program age can read. */
export interface Encryption {
  readonly recipients: readonly string[];
  encrypt(data: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** Undefined when there is nobody to encrypt for. @throws HoldfastError `configuration_invalid` for what is no age recipient. */
export function encryptFor(recipients: readonly string[]): Encryption | undefined {
  if (recipients.length === 0) return undefined;
  const { Encrypter } = age();
  for (const recipient of recipients) addRecipient(new Encrypter(), recipient);
  return { recipients, encrypt: data => encryptAge(data, () => makeHeader(recipients)) };
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  if (/^AGE-(SECRET-KEY|PLUGIN)-/i.test(recipient)) {
    const message =
      'An identity of age, which is secret, was given as a recipient. The recipient that belongs to it begins with age1: age-keygen writes it into the same file ("# public key:"), and age-keygen -y FILE prints it. Who may have seen the identity can decrypt what was encrypted for it';
    throw new HoldfastError('configuration_invalid', message);
  }
  try {
    encrypter.addRecipient(recipient);
  } catch (cause) {
    throw new HoldfastError(
      'configuration_invalid',
      `${JSON.stringify(recipient)} is not a recipient of age: ${errorMessage(cause)}. age-keygen prints one that begins with age1.`,
      { cause },
    );
  }
}

/** The file key is known to recipients alone, so one more looks on while the library encrypts nothing. */
async function makeHeader(recipients: readonly string[]): Promise<AgeHeader> {
  let fileKey: Uint8Array | undefined;
  const encrypter = new (age().Encrypter)();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  encrypter.addRecipient({
    wrapFileKey: key => {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  const file = await encrypter.encrypt(new Uint8Array(0));
  if (fileKey === undefined) throw new Error('age has made a file without a key');
  return { header: file.subarray(0, file.byteLength - PAYLOAD_BYTES), fileKey };
}

/** Decrypts what was encrypted for one of these identities. Undefined without any. */
export type Decryption = (data: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** From the text of an identity file as age-keygen writes it. @throws HoldfastError `configuration_invalid`. */
export function decryptWith(identityFile: string): Decryption {
  const identities = identityFile
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'));
  if (identities.length === 0) throw noIdentity('it is empty');
  const decrypter = new (age().Decrypter)();
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      // The library's message could quote the secret.
      throw noIdentity('a line of it is not an identity such as AGE-SECRET-KEY-1…');
    }
  }
  return data => decryptAge(data, header => openHeader(decrypter, header));
}

async function openHeader(decrypter: Decrypter, header: Uint8Array): Promise<Uint8Array> {
  try {
    return await decrypter.decryptHeader(header);
  } catch (cause) {
    throw new HoldfastError(
      'backup_not_possible',
      `The backup cannot be decrypted: ${errorMessage(cause)}. It was encrypted for other recipients than the identity file has, or its beginning is damaged; HOLDFAST_BACKUP_IDENTITY names the file.`,
      { cause },
    );
  }
}

function noIdentity(why: string): HoldfastError {
  return new HoldfastError('configuration_invalid', `The identity file for backups cannot be used: ${why}.`);
}
