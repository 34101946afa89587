import type { Check, ObservationView } from '../engine/index.ts';
import type { RevocationsSighting, Sightings } from '../sightings.ts';
import { blocked, checkOf, count, degraded, eachOf, fail, type Judgement, pass, sawOf } from './judge.ts';

function judgeRevocations(saw: RevocationsSighting, view: ObservationView): Judgement {
  const { compared, live, unknown: untraced, conclusive, firstAt, lastTraceAt } = saw;
  if (live + untraced === 0) return pass(`${count(compared, 'ended session')} of the journal accounted for`);
  if (belongsElsewhere(view)) return blocked('the database knows none of the keys of this state directory');
  const detail = `${live + untraced} of ${count(compared, 'session')} that the revocation journal has as ended are not: ${live} live, ${untraced} without a trace; the first ended at ${firstAt}`;
  if (conclusive) return fail(detail, lastTraceAt === undefined ? undefined : `point:${lastTraceAt}`);
  return degraded(
    `${detail}; a crash at that moment explains it, an older copy of the database does as well`,
  );
}

function belongsElsewhere(view: ObservationView): boolean {
  const held = sawOf(view, 'config.keyring')?.keys.map(({ kid }) => kid) ?? [];
  const recorded = sawOf(view, 'data.keys')?.keys.map(({ kid }) => kid) ?? [];
  return held.length > 0 && recorded.length > 0 && !recorded.some(kid => held.includes(kid));
}

function judgeEmptied({ tables }: Sightings['data.emptied'], view: ObservationView): readonly Judgement[] {
  const rows = sawOf(view, 'health.lost-rows');
  const lost = new Set(rows?.level === 'critical' ? rows.evidence.map(({ table }) => String(table)) : []);
  const guarded = new Set(
    (sawOf(view, 'schema.catalog')?.changedRowSecurity ?? []).map(({ table }) => table),
  );
  const visible = tables.filter(({ table }) => !guarded.has(table));
  if (tables.length > visible.length && visible.length === 0)
    return [blocked('row level security, which has changed, decides which rows are seen')];
  // what a backup knows of a table says more
  const telling = visible.filter(({ table }) => !lost.has(`public.${table}`));
  if (visible.length > telling.length && telling.length === 0)
    return [blocked('a backup shows what is missing')];
  const emptied = rows?.evidence.some(({ now }) => now === 0) === true;
  if (telling.length === 0 && emptied)
    return [blocked('a backup shows which table has lost all of its rows')];
  return eachOf(
    telling.map(({ table }) => `table:${table}`),
    subject => {
      const trace = telling.find(({ table }) => subject === `table:${table}`)?.trace;
      return `${subject.slice('table:'.length)} is empty, and ${trace}`;
    },
    'no table has lost all of its rows',
  );
}

/** Rows without which an intact schema still does not work. */
export const DATA_CHECKS: readonly Check[] = [
  checkOf({
    id: 'data.revocations',
    layer: 'data',
    title: 'Every session that was ended is ended in the database',
    from: 'data.revocations',
    judge: judgeRevocations,
  }),
  checkOf({
    id: 'data.ended_sessions',
    layer: 'data',
    title: 'Every session that was ended was ended by Holdfast',
    from: 'data.ended_sessions',
    judge: ({ ended, outside, firstAt }) =>
      outside === 0
        ? pass(`${count(ended, 'session')} of the last day`)
        : fail(
            `${outside} of ${count(ended, 'session')} that ended within the last day, the first at ${firstAt}, and nothing in the audit log about it`,
            `point:${firstAt}`,
          ),
  }),
  checkOf({
    id: 'data.emptied',
    layer: 'data',
    title: 'No table has lost all of its rows',
    from: 'data.emptied',
    judge: judgeEmptied,
  }),
  checkOf({
    id: 'data.session_families',
    layer: 'data',
    title: 'Every live session has its refresh token family',
    from: 'data.sessions',
    judge: ({ live, withoutFamily, families }) =>
      withoutFamily === 0
        ? pass(`0 of ${count(live, 'live session')} without a refresh token family`)
        : fail(
            `${withoutFamily} of ${count(live, 'live session')} have no refresh token family; the table holds ${families}`,
          ),
  }),
  checkOf({
    id: 'data.roles',
    layer: 'data',
    title: 'The built-in roles are there',
    from: 'data.roles',
    judge: ({ missing, present }) =>
      eachOf(
        missing.map(name => `role:${name}`),
        subject => `the built-in role ${subject.slice('role:'.length)} does not exist or is disabled`,
        `${count(present, 'built-in role')} present`,
      ),
  }),
  checkOf({
    id: 'data.grants',
    layer: 'data',
    title: 'Roles grant permissions',
    from: 'data.grants',
    judge: ({ grants, required }, view) => {
      if ((sawOf(view, 'data.roles')?.missing.length ?? 0) > 0) return blocked('built-in roles are missing');
      if (required === 0) return [];
      return grants === 0
        ? fail('no role grants any permission: role_permissions is empty')
        : pass(count(grants, 'grant'));
    },
  }),
  checkOf({
    id: 'data.permissions',
    layer: 'data',
    title: 'Every permission that an operation asks for is granted to some role',
    from: 'data.grants',
    judge: ({ grants, required, notGranted }, view) => {
      if ((sawOf(view, 'data.roles')?.missing.length ?? 0) > 0) return blocked('built-in roles are missing');
      if (grants === 0) return blocked('role_permissions is empty');
      return eachOf(
        notGranted.map(name => `permission:${name}`),
        subject => `no enabled role has the permission ${subject.slice('permission:'.length)}`,
        `${required} of ${count(required, 'required permission')} granted`,
      );
    },
  }),
];
