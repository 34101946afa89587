import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hashPassword } from './password-hash.ts';

it('hashes to a PHC string with the parameters of the password policy, salted', async () => {
  const hash = await hashPassword('some password');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(await hashPassword('some password'), hash);
});
