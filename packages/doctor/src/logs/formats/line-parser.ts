import type { Entry } from '../entry.ts';

export const FORMATS = ['combined', 'json', 'postgresql', 'text'] as const;
export type FormatName = (typeof FORMATS)[number];

/** Reads lines of one format. Keeps a few strings for speed, and nothing else. */
export interface LineParser {
  readonly format: FormatName;
  /** Fills the entry, which has been cleared; false when the line is not of this format, whatever is in the entry then. */
  parse(buffer: Buffer, start: number, end: number, entry: Entry): boolean;
}
