import { defineEntry, type HealthContext, type HealthReading } from '../../entry.ts';
import { round } from '../../quantity.ts';
import { addressOf, readServerCertificate, type ServerCertificate } from './server-certificate.ts';

const DAY_MS = 86_400_000;

/** 4: how long the server's certificate is still valid, as a handshake shows it. */
export const tlsExpiry = defineEntry({
  number: 4,
  id: 'tls-expiry',
  area: 'connectivity',
  title: 'Expiry of the server certificate',
  meaning:
    'With an expired certificate every client that verifies it (sslmode=verify-full) is cut off at the same moment.',
  quick: true,
  thresholds: { warnDays: 30, criticalDays: 7 },
  check: async (context, limits) => {
    const address = addressOf(context.databaseUrl);
    if (address === undefined)
      return { level: 'skipped', why: 'the connection is a Unix socket, which has no TLS' };
    const certificate = await readServerCertificate(address, context.budgetMs);
    if (certificate === undefined)
      return { level: 'skipped', why: `the server at ${address.host} offers no TLS` };
    return judge(context, certificate, limits);
  },
});

function judge(
  { clock }: HealthContext,
  { subject, issuer, validFrom, validTo, sha256 }: ServerCertificate,
  { warnDays, criticalDays }: { readonly warnDays: number; readonly criticalDays: number },
): HealthReading {
  const now = clock.now();
  const days = round((validTo - now) / DAY_MS, 1);
  const until = new Date(validTo).toISOString();
  const metrics = { certificate_expires_in_days: days };
  if (now >= validFrom && days > warnDays) return { level: 'ok', summary: `valid until ${until}`, metrics };
  const early = now < validFrom;
  const end = days <= 0 ? `expired at ${until}` : `expires in ${days} days, at ${until}`;
  return {
    level: early || days <= criticalDays ? 'critical' : 'warn',
    summary: early ? `not valid before ${new Date(validFrom).toISOString()}` : end,
    evidence: [{ subject, issuer, validTo: until, sha256 }],
    remedy:
      '-- put a renewed certificate into ssl_cert_file and ssl_key_file of the server (show ssl_cert_file); sessions go on, new ones get it\nselect pg_reload_conf();',
    metrics,
  };
}
