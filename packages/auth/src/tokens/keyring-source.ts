import { stat } from 'node:fs/promises';
import { type Clock, HoldfastError, systemClock } from '@holdfast/core';
import type { Keyring } from './keyring.ts';
import { keyringPath, loadKeyring } from './keyring-file.ts';

/** A keyring that follows its file: a rotation takes effect without a restart. */
export interface KeyringSource {
  current(): Keyring;
  close(): Promise<void>;
}

export interface KeyringSourceOptions {
  readonly home: string;
  /** JSON, or the path of the file; JSON from the environment never changes. */
  readonly setting?: string | undefined;
  readonly pollMs?: number;
  readonly clock?: Clock;
  readonly onChange?: (keyring: Keyring) => void;
  /** Told once each time the file became unusable, or another keyring altogether; the last good keyring stays in use. */
  readonly onError?: (error: unknown) => void;
}

/** Loads the keyring and watches its file. @throws HoldfastError `keyring_invalid` when it is unusable at the start. */
export async function openKeyring(options: KeyringSourceOptions): Promise<KeyringSource> {
  const { home, setting, clock = systemClock } = options;
  let keyring = await loadKeyring({ home, setting });
  const stop = new AbortController();
  const path = setting?.trimStart().startsWith('{') ? undefined : (setting ?? keyringPath(home));
  const adopt = (latest: Keyring): void => {
    if (!isContinuation(keyring, latest)) throw replaced(path);
    keyring = latest;
    options.onChange?.(latest);
  };
  const watching = path === undefined ? undefined : watch(options, path, clock, adopt, stop.signal);
  return {
    current: () => keyring,
    close: async () => {
      stop.abort();
      await watching;
    },
  };
}

/** Looks at the file's identity instead of relying on notifications, which network file systems and containers lose. */
async function watch(
  options: KeyringSourceOptions,
  path: string,
  clock: Clock,
  adopt: (keyring: Keyring) => void,
  signal: AbortSignal,
): Promise<void> {
  let seen = await fileVersion(path);
  while (!signal.aborted) {
    await clock.sleep(options.pollMs ?? 1_000, signal).catch(() => undefined);
    const version = await fileVersion(path);
    if (signal.aborted || version === seen) continue;
    seen = version;
    await loadKeyring({ home: options.home, setting: path })
      .then(adopt)
      .catch(error => options.onError?.(error));
  }
}

/** A rotation keeps the former current key as retiring. A keyring without it is another one, put here by mistake or worse. */
function isContinuation(former: Keyring, latest: Keyring): boolean {
  return former.keys
    .filter(({ status }) => status === 'current')
    .some(({ kid }) => latest.keys.some(key => key.kid === kid));
}

function replaced(path: string | undefined): HoldfastError {
  return new HoldfastError(
    'keyring_invalid',
    `${path} now holds another keyring: none of the current keys is in it, and all sessions would end. The keys that were read before stay in use. Put the former file back; to use the new one all the same, start the server again.`,
  );
}

async function fileVersion(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, mode } = await stat(path, { bigint: true });
    return `${ino}:${size}:${mtimeNs}:${mode}`;
  } catch (error) {
    return `missing: ${(error as NodeJS.ErrnoException).code}`;
  }
}
