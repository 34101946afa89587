const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const ISO =
  /^\[?(\d{4})[-/](\d\d)[-/](\d\d)[T _](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:\]? ?(Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)(?![\w:]))?\]?/;
const SYSLOG = /^(?:<\d+>)?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) /;
const APACHE_ERROR =
  /^\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d+))? (\d{4})\]/;

export interface TimeText {
  readonly time: number;
  /** How many characters it takes at the beginning of the line. */
  readonly length: number;
}

/**
 * The time stamp a line begins with: ISO 8601 in its variants, that of nginx's and Apache's error logs, and of syslog,
 * which has no year: it is the last one before `now`. Times without a zone are taken as UTC.
 */
export function readTimeText(line: string, now: number): TimeText | undefined {
  const iso = ISO.exec(line);
  if (iso !== null) {
    const [text, year, month, day, hour, minute, second = '0', fraction = '', zone = 'Z'] = iso;
    const date = Date.UTC(
      +(year ?? 0),
      +(month ?? 1) - 1,
      +(day ?? 1),
      +(hour ?? 0),
      +(minute ?? 0),
      +second,
    );
    return { time: date + milliseconds(fraction) - zoneMs(zone), length: text.length };
  }
  return readApacheTime(line) ?? readSyslogTime(line, now);
}

function readApacheTime(line: string): TimeText | undefined {
  const match = APACHE_ERROR.exec(line);
  if (match === null) return undefined;
  const [text, month = '', day, hour, minute, second, fraction = '', year] = match;
  const date = Date.UTC(
    Number(year),
    MONTHS.indexOf(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return { time: date + milliseconds(fraction), length: text.length };
}

function readSyslogTime(line: string, now: number): TimeText | undefined {
  const match = SYSLOG.exec(line);
  const month = MONTHS.indexOf(match?.[1] ?? '');
  if (match === null || month === -1) return undefined;
  const inYear = (year: number) =>
    Date.UTC(year, month, Number(match[2]), Number(match[3]), Number(match[4]), Number(match[5]));
  const year = new Date(now).getUTCFullYear();
  const DAY_MS = 86_400_000;
  const time = inYear(year) > now + DAY_MS ? inYear(year - 1) : inYear(year);
  return { time, length: match[0].length };
}

function milliseconds(fraction: string): number {
  return fraction === '' ? 0 : Math.floor(Number(`0.${fraction}`) * 1_000);
}

function zoneMs(zone: string): number {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
}
