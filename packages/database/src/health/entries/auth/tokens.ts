import { defineEntry } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import {
  aboutText,
  affordablePart,
  findOwnSchema,
  notOurs,
  projected,
  tableRows,
} from './own-schema-queries.ts';
import { countOneTimeTokens, countRefreshTokens, type TokenCounts } from './token-queries.ts';

const NEEDS = {
  refresh_tokens: ['session_id', 'revoked_at', 'expires_at', 'absolute_expires_at'],
  one_time_tokens: ['used_at', 'expires_at'],
};

export const tokens = defineEntry({
  number: 67,
  id: 'tokens',
  area: 'auth',
  title: 'Tokens active, expired and revoked',
  meaning:
    'Expired and revoked tokens pile up: the clean-up does not run. They cost space and make every look for a token slower.',
  quick: false,
  thresholds: { warnPurgeable: 10_000, warnPurgeablePercent: 50, retentionDays: 7 },
  check: async (context, { warnPurgeable, warnPurgeablePercent, retentionDays }) => {
    const { db, server } = context;
    const schema = await findOwnSchema(db, server.schemas, NEEDS);
    if (schema === undefined) return notOurs(NEEDS);
    const families = affordablePart(context, await tableRows(db, schema, 'refresh_tokens'), 0.4);
    const mails = affordablePart(context, await tableRows(db, schema, 'one_time_tokens'), 0.4);
    const refresh = scale(await countRefreshTokens(db, schema, families, retentionDays), count =>
      projected(count, families),
    );
    const once = scale(await countOneTimeTokens(db, schema, mails, retentionDays), count =>
      projected(count, mails),
    );
    const purgeable = refresh.purgeable + once.purgeable;
    const all = totalOf(refresh) + totalOf(once);
    const percent = all === 0 ? 0 : (purgeable / all) * 100;
    const metrics = {
      active_refresh_tokens: refresh.active,
      expired_refresh_tokens: refresh.expired,
      revoked_refresh_tokens: refresh.revoked,
      active_one_time_tokens: once.active,
      expired_one_time_tokens: once.expired,
      used_one_time_tokens: once.revoked,
      purgeable_tokens: purgeable,
    };
    const summary = `${aboutText(families)}${refresh.active} active, ${refresh.expired} expired, ${refresh.revoked} revoked; ${purgeable} are past their ${retentionDays} days`;
    if (purgeable < warnPurgeable || percent < warnPurgeablePercent) {
      return { level: 'ok', summary, metrics };
    }
    const rows = [
      { table: 'refresh_tokens', ...refresh },
      { table: 'one_time_tokens', ...once },
    ];
    return {
      level: 'warn',
      summary,
      ...shownEvidence(rows.toSorted((a, b) => b.purgeable - a.purgeable)),
      remedy: `holdfast cleanup ${retentionDays * 24}h --dry-run\nholdfast cleanup ${retentionDays * 24}h`,
      metrics,
    };
  },
});

function scale(counts: TokenCounts, each: (count: number) => number): TokenCounts {
  const { active, expired, revoked, purgeable } = counts;
  return { active: each(active), expired: each(expired), revoked: each(revoked), purgeable: each(purgeable) };
}

function totalOf({ active, expired, revoked }: TokenCounts): number {
  return active + expired + revoked;
}
