import type { BackupValidation } from '../manifest.ts';
import { canonicalJson } from './canonical-json.ts';
import { VALIDATION_SHAPE } from './manifest-shape.ts';
import { checkSeal, type Sealed, sealOf } from './seal.ts';

/** Where the validations of a backup are, relative to it. */
export const VALIDATIONS = 'validations/';

interface ValidationFile extends BackupValidation, Sealed {
  readonly backup: string;
}

/** `validations/20261121T133045123Z-files.json` */
export function validationPath({ at, level }: BackupValidation): string {
  return `${VALIDATIONS}${new Date(at).toISOString().replaceAll(/[-:.]/g, '')}-${level}.json`;
}

export function validationText(
  backup: string,
  validation: BackupValidation,
  key: Uint8Array | undefined,
): string {
  const { level, at, durationMs, destination, result, problems } = validation;
  const file = { backup, level, at, durationMs, destination, result, problems };
  return `${canonicalJson({ ...file, ...sealOf(file, key) })}\n`;
}

/** Undefined when it is not exactly what was written for this backup, or, with a key, not sealed with it. */
export function parseValidation(
  backup: string,
  text: string,
  key: Uint8Array | undefined,
): BackupValidation | undefined {
  const file = parse(text);
  if (file === undefined || file.backup !== backup || `${canonicalJson(file)}\n` !== text) return undefined;
  const check = checkSeal(file, key);
  if (check.kind === 'altered' || !['valid', 'unchecked'].includes(check.seal)) return undefined;
  const { level, at, durationMs, destination, result, problems } = file;
  return { level, at, durationMs, destination, result, problems };
}

function parse(text: string): ValidationFile | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return VALIDATION_SHAPE(value, '') === undefined ? (value as ValidationFile) : undefined;
  } catch {
    return undefined;
  }
}
