import { defineEntry, type Evidence } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import {
  type AccountCounts,
  countAccounts,
  type DormantAccount,
  listDormantAdministrators,
} from './account-queries.ts';
import {
  aboutText,
  affordablePart,
  findOwnSchema,
  notOurs,
  projected,
  tableRows,
} from './own-schema-queries.ts';

const NEEDS = {
  users: ['id', 'status', 'email_verified_at', 'last_login_at', 'created_at', 'deleted_at'],
  password_credentials: ['user_id'],
  oauth_accounts: ['user_id'],
  user_roles: ['user_id', 'role_id'],
  roles: ['id', 'name', 'disabled_at', 'deleted_at'],
  role_permissions: ['role_id', 'permission_id'],
  permissions: ['id', 'name', 'deleted_at'],
};

export const accounts = defineEntry({
  number: 66,
  id: 'accounts',
  area: 'auth',
  title: 'Accounts by type and status',
  meaning:
    'Many accounts that were never verified are a sign of registrations by machines or of mail that does not arrive. An administrator whom nobody has used for months is a door that nobody watches.',
  quick: false,
  thresholds: {
    warnUnverifiedPercent: 50,
    minimumAccounts: 20,
    unverifiedDays: 7,
    inactiveDays: 90,
    warnDormantAdministrators: 1,
  },
  check: async (context, limits) => {
    const { db, server } = context;
    const schema = await findOwnSchema(db, server.schemas, NEEDS);
    if (schema === undefined) return notOurs(NEEDS);
    const part = affordablePart(context, await tableRows(db, schema, 'users'), 0.5);
    const counts = project(await countAccounts(db, schema, part, limits), count => projected(count, part));
    const dormant = await listDormantAdministrators(db, schema, limits.inactiveDays);
    const unverifiedPercent = counts.active === 0 ? 0 : (counts.unverified / counts.active) * 100;
    const unverified =
      counts.active >= limits.minimumAccounts && unverifiedPercent >= limits.warnUnverifiedPercent;
    const metrics = { ...metricsOf(counts), dormant_administrators: dormant.length };
    const summary = `${aboutText(part)}${counts.active} active, ${counts.disabled} disabled, ${counts.deleted} deleted; of the active ones ${counts.unverified} never verified, ${counts.inactive} unused for ${limits.inactiveDays} days; ${countText(dormant.length, 'dormant administrator')}`;
    if (!unverified && dormant.length < limits.warnDormantAdministrators) {
      return { level: 'ok', summary, metrics };
    }
    return {
      level: 'warn',
      summary,
      ...shownEvidence([
        ...dormant.map(toEvidence),
        ...(unverified
          ? [{ what: 'accounts never verified', accounts: counts.unverified, ofActive: counts.active }]
          : []),
      ]),
      remedy: remedy(schema, dormant, unverified, limits.unverifiedDays),
      metrics,
    };
  },
});

function project(counts: AccountCounts, each: (count: number) => number): AccountCounts {
  return {
    total: each(counts.total),
    active: each(counts.active),
    disabled: each(counts.disabled),
    deleted: each(counts.deleted),
    unverified: each(counts.unverified),
    inactive: each(counts.inactive),
    passwordOnly: each(counts.passwordOnly),
    providerOnly: each(counts.providerOnly),
    both: each(counts.both),
    neither: each(counts.neither),
  };
}

function metricsOf(counts: AccountCounts): Record<string, number> {
  return {
    accounts: counts.total,
    active_accounts: counts.active,
    disabled_accounts: counts.disabled,
    deleted_accounts: counts.deleted,
    unverified_accounts: counts.unverified,
    inactive_accounts: counts.inactive,
    password_accounts: counts.passwordOnly,
    provider_accounts: counts.providerOnly,
    password_and_provider_accounts: counts.both,
    accounts_without_credentials: counts.neither,
  };
}

function toEvidence({ id, role, lastLogin }: DormantAccount): Evidence {
  return { what: 'dormant administrator', user: id, role, lastLogin };
}

function remedy(
  schema: string,
  dormant: readonly DormantAccount[],
  unverified: boolean,
  unverifiedDays: number,
): string {
  const lines = dormant
    .slice(0, 5)
    .map(
      ({ id }) =>
        `update "${schema}".users set status = 'disabled' where id = '${id}'; -- when nobody needs it`,
    );
  if (unverified) {
    lines.push(
      `select date_trunc('day', created_at) as day, count(*) from "${schema}".users where deleted_at is null and email_verified_at is null and created_at < now() - interval '${unverifiedDays} days' group by 1 order by 2 desc limit 10; -- a wave of registrations, or mail that failed?`,
    );
  }
  return lines.join('\n');
}
