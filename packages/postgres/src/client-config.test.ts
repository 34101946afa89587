import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { Client } from 'pg';
import { clientConfig } from './client-config.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
after(() => rmSync(directory, { recursive: true }));
const authority = join(directory, 'ca.pem');
writeFileSync(authority, 'the authority');

/** What the driver makes of the parameters of a URL. */
function tlsOf(parameters: string): unknown {
  const url = `postgresql://me:p%25%20w@db.example/app${parameters}`;
  const client = new Client(clientConfig({ url, connectTimeoutMs: 1, statementTimeoutMs: 0 }));
  assert.deepEqual([client.password, client.database, client.host], ['p% w', 'app', 'db.example']);
  return (client as Client & { readonly ssl: unknown }).ssl;
}

test('the modes of TLS are those of libpq, and the driver warns of none', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  for (const mode of ['require', 'prefer', 'allow', 'no-verify']) {
    assert.deepEqual(tlsOf(`?sslmode=${mode}`), { rejectUnauthorized: false }, mode);
  }
  assert.deepEqual(
    tlsOf('?application_name=a&sslmode=verify-full'),
    {},
    'verified by the public authorities',
  );
  assert.equal(tlsOf('?sslmode=disable'), false);
  assert.equal(tlsOf(''), false);
  const full = tlsOf(`?sslmode=verify-full&sslrootcert=${authority}`);
  assert.deepEqual(full, { ca: 'the authority' });
  for (const mode of ['require', 'verify-ca']) {
    const { checkServerIdentity, ...rest } = tlsOf(`?sslmode=${mode}&sslrootcert=${authority}`) as {
      checkServerIdentity?: () => unknown;
    };
    assert.deepEqual([typeof checkServerIdentity, rest], ['function', { ca: 'the authority' }], mode);
  }
  const last = once(process, 'warning');
  process.emitWarning('the last one');
  await last;
  process.off('warning', note);
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['the last one'],
  );
});

test('a certificate that cannot be read is named', () => {
  assert.throws(
    () => tlsOf(`?sslmode=verify-full&sslrootcert=${join(directory, 'none.pem')}`),
    error =>
      isHoldfastError(error, 'configuration_invalid') &&
      /^sslrootcert in the URL.*ENOENT/.test(error.message),
  );
});
