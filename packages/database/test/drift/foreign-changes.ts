import type { Change } from './change.ts';
export const FOREIGN_CHANGES: readonly Change[] = [];
