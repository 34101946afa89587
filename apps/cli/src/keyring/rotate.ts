import { JWKS_MAX_AGE_S, type Keyring, type KeyringKey, type KeyUse, rotateKey } from '@holdfast/auth/tokens';
import { type Clock, formatDuration, HoldfastError, type Settings } from '@holdfast/core';

/** Replicas look at the keyring file every second; copies of it may take longer to arrive. */
const RELOAD_MS = 10_000;

export interface Rotation {
  readonly keyring: Keyring;
  readonly use: KeyUse;
  readonly former: string;
  readonly current: string;
  /** What becomes of what was made with the former key. */
  readonly outstanding: string;
}

/**
 * Makes the next key current. A signing key that verifiers elsewhere may not have fetched yet, or a secret that other
 * replicas may not have read yet, is refused unless `force` says otherwise.
 * @throws HoldfastError `conflict`.
 */
export function rotate(
  keyring: Keyring,
  use: KeyUse,
  settings: Settings,
  { clock, force }: { readonly clock: Pick<Clock, 'now'>; readonly force: boolean },
): Rotation {
  const find = (status: string): KeyringKey | undefined =>
    keyring.keys.find(key => key.use === use && key.status === status);
  const next = find('next');
  if (next !== undefined && !force) refuseUnseen(next, clock.now());
  const changed = rotateKey(keyring, use, clock);
  const former = find('current')?.kid ?? '';
  return {
    keyring: changed,
    use,
    former,
    current: next?.kid ?? '',
    outstanding: OUTSTANDING[use](former, settings),
  };
}

function refuseUnseen(next: KeyringKey, now: number): void {
  const needed = next.use === 'sign' ? JWKS_MAX_AGE_S * 1_000 : RELOAD_MS;
  const age = now - Date.parse(next.createdAt);
  if (age >= needed) return;
  const who =
    next.use === 'sign'
      ? `verifiers keep the JWKS for up to ${formatDuration(needed)}`
      : `replicas need up to ${formatDuration(needed)} to read it`;
  const wait = Math.ceil((needed - age) / 1_000);
  throw new HoldfastError(
    'conflict',
    `The next key for "${next.use}" was published only ${Math.max(0, Math.floor(age / 1_000))} s ago, and ${who}. Rotate in ${wait} s, or now with --force when nobody else verifies tokens.`,
    { details: { kid: next.kid, waitSeconds: wait } },
  );
}

const OUTSTANDING: Readonly<Record<KeyUse, (former: string, settings: Settings) => string>> = {
  sign: (former, { accessTokenTtl }) =>
    `Nobody is logged out. Access tokens signed with ${former} stay valid until they expire, within ${formatDuration(accessTokenTtl)}; revoke it after that.`,
  refresh: (former, { refreshTokenTtl }) =>
    `Nobody is logged out. Refresh tokens made with ${former} stay valid and are exchanged at their next use; revoke it after ${formatDuration(refreshTokenTtl)}, when those never used have expired.`,
  encrypt: former =>
    `What is encrypted with ${former} stays readable and is re-encrypted in the background by running servers; revoke it when holdfast keys check says that no row needs it.`,
};
