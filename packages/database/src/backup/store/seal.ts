import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SealState } from '../backup-repository.ts';
import type { ManifestSeal } from '../manifest.ts';
import { canonicalJson } from './canonical-json.ts';

/** What a manifest or a validation ends with. */
export interface Sealed {
  readonly sha256: string;
  readonly seal: ManifestSeal | null;
}

/** The hash of a document without these two members, and with a key the seal over the same text. */
export function sealOf(document: object, key: Uint8Array | undefined): Sealed {
  const text = canonicalJson({ ...document, sha256: undefined, seal: undefined });
  const sha256 = createHash('sha256').update(text).digest('hex');
  if (key === undefined) return { sha256, seal: null };
  return {
    sha256,
    seal: { keyId: keyIdOf(key), hmac: createHmac('sha256', key).update(text).digest('hex') },
  };
}

export type SealCheck =
  | { readonly kind: 'altered' }
  | { readonly kind: 'unaltered'; readonly seal: SealState };

/** Whether a document is as it was written; by whom is known only with the key. */
export function checkSeal(
  document: object & { readonly sha256: string; readonly seal?: ManifestSeal | null },
  key: Uint8Array | undefined,
): SealCheck {
  const expected = sealOf(document, key);
  if (!isSame(expected.sha256, document.sha256)) return { kind: 'altered' };
  if (expected.seal === null) return { kind: 'unaltered', seal: 'unchecked' };
  const seal = document.seal ?? null;
  if (seal === null) return { kind: 'unaltered', seal: 'missing' };
  if (seal.keyId !== expected.seal.keyId) return { kind: 'unaltered', seal: 'other_key' };
  return isSame(expected.seal.hmac, seal.hmac) ? { kind: 'unaltered', seal: 'valid' } : { kind: 'altered' };
}

function keyIdOf(key: Uint8Array): string {
  return createHash('sha256').update('holdfast backup seal key\n').update(key).digest('hex').slice(0, 16);
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
