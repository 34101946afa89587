import { defineEntry } from '../../entry.ts';
import { type Level, shownEvidence } from '../../judge.ts';
import { countLogins, type LoginCounts, listFailingAddresses } from './login-queries.ts';
import { findOwnSchema, notOurs } from './own-schema-queries.ts';

const NEEDS = { login_attempts: ['email', 'outcome', 'address', 'attempted_at'] };
const DAY_MINUTES = 1_440;

interface Limits {
  readonly windowMinutes: number;
  readonly minimumAttempts: number;
  readonly warnFailedPercent: number;
  readonly criticalFailedPercent: number;
  readonly criticalFailed: number;
  readonly warnTimesUsual: number;
  readonly warnFailedFromOneAddress: number;
}

export const failedLogins = defineEntry({
  number: 68,
  id: 'failed-logins',
  area: 'auth',
  title: 'Failed logins',
  meaning:
    'Somebody tries passwords, or something keeps people from signing in. Many accounts from few addresses is the former; all failures at once after a change is the latter.',
  quick: true,
  thresholds: {
    windowMinutes: 60,
    minimumAttempts: 20,
    warnFailedPercent: 50,
    criticalFailedPercent: 90,
    criticalFailed: 1_000,
    warnTimesUsual: 10,
    warnFailedFromOneAddress: 100,
  },
  check: async ({ db, server }, limits) => {
    const schema = await findOwnSchema(db, server.schemas, NEEDS);
    if (schema === undefined) return notOurs(NEEDS);
    const counts = await countLogins(db, schema, limits.windowMinutes);
    const addresses = counts.failed > 0 ? await listFailingAddresses(db, schema, limits.windowMinutes) : [];
    const percent = counts.attempts === 0 ? 0 : Math.round((counts.failed / counts.attempts) * 100);
    const usual = (counts.failedBefore * limits.windowMinutes) / DAY_MINUTES;
    const metrics = {
      login_attempts: counts.attempts,
      failed_logins: counts.failed,
      failed_logins_percent: percent,
      usual_failed_logins: Math.round(usual),
    };
    const level = judge(counts, percent, usual, addresses[0]?.failed ?? 0, limits);
    const summary = `${counts.failed} of ${counts.attempts} failed (${percent}%) in the last ${limits.windowMinutes} min, on ${counts.accounts} accounts; usual are ${Math.round(usual)}`;
    if (level === 'ok') return { level, summary, metrics };
    return {
      level,
      summary,
      ...shownEvidence(addresses.map(address => ({ ...address }))),
      remedy: [
        `select outcome, count(*), count(distinct email) as accounts, count(distinct address) as addresses from "${schema}".login_attempts where attempted_at >= now() - interval '${limits.windowMinutes} min' group by 1 order by 2 desc;`,
        '-- few addresses: refuse them at the proxy or firewall. Many accounts with wrong_password that succeeded before: look at the last release and the keyring',
        `select user_id, address, attempted_at from "${schema}".login_attempts where outcome = 'succeeded' and address in (select address from "${schema}".login_attempts where outcome <> 'succeeded' and attempted_at >= now() - interval '${limits.windowMinutes} min' group by 1 order by count(*) desc limit 10) and attempted_at >= now() - interval '1 day'; -- these accounts may be taken over`,
      ].join('\n'),
      metrics,
    };
  },
});

function judge(
  { attempts, failed }: LoginCounts,
  percent: number,
  usual: number,
  busiest: number,
  limits: Limits,
): Level {
  if (attempts < limits.minimumAttempts) return 'ok';
  if (percent >= limits.criticalFailedPercent && failed >= limits.criticalFailed) return 'critical';
  const unusual = usual >= 1 && failed >= limits.minimumAttempts && failed >= usual * limits.warnTimesUsual;
  const concentrated = busiest >= limits.warnFailedFromOneAddress;
  return percent >= limits.warnFailedPercent || unusual || concentrated ? 'warn' : 'ok';
}
