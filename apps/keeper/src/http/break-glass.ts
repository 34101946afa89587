import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const PREFIX = 'hf_bg_';
const BYTES = 32;

/**
 * The break-glass token of a state directory: made at the first start, readable by this user alone. It lets an operator
 * in when the database, and with it every account, is away. Replace the file's content to replace the token.
 */
export function ensureBreakGlassToken(path: string): void {
  if (readBreakGlassToken(path) !== undefined) return;
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, `${PREFIX}${randomBytes(BYTES).toString('base64url')}\n`, { mode: 0o600 });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The token in the file; undefined when there is none, or something too short to be one. */
export function readBreakGlassToken(path: string): string | undefined {
  try {
    const token = readFileSync(path, 'utf8').trim();
    return token.startsWith(PREFIX) && token.length >= PREFIX.length + 43 ? token : undefined;
  } catch {
    return undefined;
  }
}
