import { v7, validate, version } from 'uuid';

/** A new UUIDv7 (RFC 9562 section 5.7): time-ordered, so that primary keys are inserted at the end of their index. */
export function newId(): string {
  return v7();
}

/** Whether a string is a UUID of any version, in the canonical textual form. */
export function isUuid(value: string): boolean {
  return validate(value);
}

/** The creation time in a UUIDv7, in milliseconds since the epoch; undefined for other versions. */
export function idTime(id: string): number | undefined {
  if (!validate(id) || version(id) !== 7) return undefined;
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}
