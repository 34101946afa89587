import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decryptWith, encryptFor } from './encryption.ts';

const CHUNK = 65_536;
const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17];

async function* inPieces(data: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < data.byteLength; offset += size) yield data.subarray(offset, offset + size);
}

async function collect(data: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of data) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function people() {
  const [one, two] = [await generateX25519Identity(), await generateX25519Identity()];
  const recipients = [await identityToRecipient(one), await identityToRecipient(two)];
  const encryption = encryptFor(recipients);
  assert.ok(encryption !== undefined);
  return { one, two, recipients, encryption };
}

test('what is encrypted here, the library of age decrypts, for each recipient', async () => {
  const { one, two, encryption } = await people();
  for (const size of SIZES) {
    const plain = randomBytes(size);
    const file = await collect(encryption.encrypt(inPieces(plain, 10_007)));
    for (const identity of [one, two]) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      assert.deepEqual(Buffer.from(await decrypter.decrypt(file)), plain, `${size} bytes`);
    }
  }
});

test('what the library encrypts is decrypted here, however it is cut', async () => {
  const { one, recipients } = await people();
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const decrypt = decryptWith(`# created: today\n# public key: age1\n${one}\n`);
  for (const size of SIZES) {
    const plain = randomBytes(size);
    const file = await encrypter.encrypt(plain);
    for (const piece of [97, CHUNK + 16, 1_000_000]) {
      assert.deepEqual(await collect(decrypt(inPieces(file, piece))), plain, `${size} bytes by ${piece}`);
    }
  }
});

test('a file that was changed, cut or lengthened is not decrypted to its end', async () => {
  const { one, encryption } = await people();
  const decrypt = decryptWith(one);
  const file = await collect(encryption.encrypt(inPieces(randomBytes(2 * CHUNK), CHUNK)));
  const header = file.indexOf('\n--- ') + 50;
  const changed = Buffer.from(file);
  changed[file.byteLength - 70_000] = (changed[file.byteLength - 70_000] ?? 0) ^ 1;
  const sealed = CHUNK + 16;
  for (const bad of [
    changed,
    file.subarray(0, -1),
    // Whole chunks are missing at the end: what is left is valid but for the mark of the last one.
    file.subarray(0, file.byteLength - sealed),
    file.subarray(0, header),
    file.subarray(0, 20),
    Buffer.alloc(0),
    Buffer.concat([file, Buffer.alloc(sealed)]),
  ]) {
    await assert.rejects(collect(decrypt(inPieces(bad, 50_000))), error =>
      isHoldfastError(error, 'backup_damaged'),
    );
  }
});

test('no two files have the same key or nonce', async () => {
  const { encryption } = await people();
  const files = [];
  for (let turn = 0; turn < 3; turn += 1)
    files.push(await collect(encryption.encrypt(inPieces(Buffer.alloc(100), 100))));
  assert.equal(new Set(files.map(file => file.subarray(-116).toString('hex'))).size, 3);
});

test('what is no recipient and no identity is refused, and a secret is not shown', () => {
  assert.equal(encryptFor([]), undefined);
  assert.throws(
    () => encryptFor(['age1nonsense']),
    error => isHoldfastError(error, 'configuration_invalid'),
  );
  for (const wrong of ['', '# nothing\n', 'AGE-SECRET-KEY-1NOTAKEY', 'age1recipient']) {
    assert.throws(
      () => decryptWith(wrong),
      error => isHoldfastError(error, 'configuration_invalid') && !error.message.includes('NOTAKEY'),
    );
  }
});

test('an identity that is given as a recipient is not shown either', async () => {
  const { one } = await people();
  for (const identity of [one, one.toLowerCase(), 'AGE-PLUGIN-YUBIKEY-1QQQQQQQQQQQQ']) {
    assert.throws(
      () => encryptFor([identity]),
      (error: unknown) =>
        isHoldfastError(error, 'configuration_invalid') &&
        /secret.*begins with age1/.test(error.message) &&
        !error.message.includes(identity),
    );
  }
});
