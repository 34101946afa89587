import type { LogSighting } from '../sightings.ts';
import { clean } from './server-log.ts';

/** What of the line of a start decides which access tokens are accepted, and the variable it comes from. */
const CLAIMS = { issuer: 'HOLDFAST_ISSUER', audience: 'HOLDFAST_AUDIENCE' } as const;

type Claim = keyof typeof CLAIMS;
type Start = { readonly time: string } & { readonly [K in Claim]: string };

/**
 * The claims that are not what they were before their last change in the log of the API server. One that had the value
 * of now before that was put back: that is the repair, not the damage. Pure.
 */
export function findChangedClaims(
  lines: readonly string[],
  now: number,
): NonNullable<LogSighting['claimsChanged']> {
  const starts = lines.flatMap(line => readStart(line) ?? []);
  return (Object.keys(CLAIMS) as Claim[]).flatMap(claim => {
    const values = starts.map(start => start[claim]);
    const last = values.at(-1);
    const changedAt = values.findLastIndex(value => value !== last);
    const before = values[changedAt];
    if (last === undefined || before === undefined || values.indexOf(last) < changedAt) return [];
    const timeOf = (index: number): number => Date.parse(starts[index]?.time ?? '');
    const firstOfBefore = values.findLastIndex((value, index) => index < changedAt && value !== before) + 1;
    const since = timeOf(changedAt + 1);
    const times = { agoMs: now - since, beforeMs: since - timeOf(firstOfBefore) };
    return { variable: CLAIMS[claim], before: clean(before), now: clean(last), ...times };
  });
}

function readStart(line: string): Start | undefined {
  if (!line.includes('"listening"')) return undefined;
  try {
    const { msg, time, issuer, audience } = JSON.parse(line) as Partial<Start> & { readonly msg?: string };
    if (msg !== 'listening' || time === undefined || issuer === undefined || audience === undefined)
      return undefined;
    return { time, issuer, audience };
  } catch {
    return undefined;
  }
}
