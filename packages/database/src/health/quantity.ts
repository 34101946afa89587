const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `12.3 MiB`. */
export function bytesText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** `45 s`, `12 min`, `3.5 h`, `2.5 d`, `20 d`. */
export function secondsText(seconds: number): string {
  if (seconds < 10) return `${round(seconds, 1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${round(seconds / 3_600, 1)} h`;
  return `${round(seconds / 86_400, seconds < 864_000 ? 1 : 0)} d`;
}

/** The same of milliseconds. */
export function ageText(ms: number): string {
  return secondsText(ms / 1_000);
}

/** `1 table`, `2 tables`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${groupDigits(count)} ${count === 1 ? one : many}`;
}

/** `1,234,567`. */
export function groupDigits(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** To at most this many decimals. */
export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

/** A share as a percentage with one decimal; 0 of nothing. */
export function percentOf(part: number, whole: number): number {
  return whole <= 0 ? 0 : round((part / whole) * 100, 1);
}
