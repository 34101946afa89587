import type { Check } from '../engine/index.ts';
import { blocked, checkOf, count, eachOf, fail, pass, sawOf } from './judge.ts';

/** Rows without which an intact schema still does not work. */
export const DATA_CHECKS: readonly Check[] = [
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
