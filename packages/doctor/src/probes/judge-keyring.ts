import { createHash, createPrivateKey } from 'node:crypto';
import type { KeySighting } from '../sightings.ts';

export type KeyringJudgement =
  | { readonly state: 'usable'; readonly keys: readonly KeySighting[] }
  | { readonly state: 'invalid'; readonly problem: string };

const USES = ['sign', 'refresh', 'encrypt'] as const;
type Use = (typeof USES)[number];

const STATUSES = ['next', 'current', 'retiring'];
const ALGORITHMS: Readonly<Record<Use, string>> = { sign: 'EdDSA', refresh: 'HS256', encrypt: 'A256GCM' };
const SECRET_BYTES = 32;

type Members = Readonly<Record<string, unknown>>;

/**
 * Whether a server would start with this text as its keyring. As strict as the server itself: material that does not
 * belong to its id would sign what nobody can verify. Never throws; key material is never part of the problem.
 */
export function judgeKeyring(text: string): KeyringJudgement {
  try {
    return { state: 'usable', keys: readKeys(text) };
  } catch (error) {
    const problem = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
    return { state: 'invalid', problem };
  }
}

function readKeys(text: string): KeySighting[] {
  const { version, keys: given } = asMembers(JSON.parse(text));
  if (version !== 1 || !Array.isArray(given)) throw new Error('it has no "version": 1 or no "keys"');
  const keys = given.map((key, index) => readKey(asMembers(key), `key ${index + 1}`));
  for (const use of USES) {
    const current = keys.filter(key => key.use === use && key.status === 'current').length;
    if (current !== 1) throw new Error(`it has ${current} current keys for "${use}"; there must be one`);
  }
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) throw new Error('a key is in it twice');
  return keys;
}

function readKey(key: Members, where: string): KeySighting {
  const { kid, status } = key;
  if (typeof status !== 'string' || !STATUSES.includes(status))
    throw new Error(`${where} has no known status`);
  const use = USES.find(known => known === key.use);
  if (use === undefined) throw new Error(`${where} has no known use`);
  if (key.algorithm !== ALGORITHMS[use]) throw new Error(`${where} has the wrong algorithm`);
  const expected = use === 'sign' ? thumbprint(key, where) : secretName(use, key, where);
  if (kid !== expected) throw new Error(`the kid of ${where} does not belong to its material`);
  return { kid: expected, use, status };
}

/** RFC 7638 section 3 with the members of RFC 8037 section 2, over the public half of the private one. */
function thumbprint({ privateJwk }: Members, where: string): string {
  const jwk = asMembers(privateJwk);
  const x = publicHalf(jwk);
  if (x === undefined || x !== jwk.x) throw new Error(`${where} is not a usable Ed25519 key`);
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
}

function publicHalf(jwk: Members): string | undefined {
  try {
    return createPrivateKey({ key: { ...jwk }, format: 'jwk' }).export({ format: 'jwk' }).x;
  } catch {
    return undefined;
  }
}

/** The name that the server gives a secret. */
function secretName(use: Exclude<Use, 'sign'>, key: Members, where: string): string {
  const secret = Buffer.from(String(key.secret), 'base64url');
  if (secret.length !== SECRET_BYTES) {
    throw new Error(`the secret of ${where} is not ${SECRET_BYTES} bytes long`);
  }
  const hash = createHash('sha256').update(`holdfast ${use} key id\0`).update(secret);
  return hash.digest('base64url').slice(0, 22);
}

function asMembers(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
