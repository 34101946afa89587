import { createEntry, type Permission, type Role, SYSTEM_ACTOR } from '@holdfast/auth';
import { newId } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import type { Person } from './people.ts';
import type { TestApp } from './test-app.ts';

/** An app with somebody who may do everything, somebody who may do nothing, and things to do it to. */
export interface World extends TestApp {
  readonly admin: Person;
  readonly plain: Person;
  readonly adminRole: string;
  readonly userRole: string;
  readonly builtInPermission: string;
  role(): Promise<Role>;
  permission(): Promise<Permission>;
}

export async function createWorld(test: TestApp): Promise<World> {
  const { pool, people } = test;
  const idOf = async (table: 'roles' | 'permissions', name: string): Promise<string> => {
    const row = await pool.one(sql<{ id: string }>`select id from ${sql.id(table)} where name = ${name}`);
    return row.id;
  };
  return {
    ...test,
    admin: await people.person(['admin', 'user']),
    plain: await people.person(),
    adminRole: await idOf('roles', 'admin'),
    userRole: await idOf('roles', 'user'),
    builtInPermission: await idOf('permissions', 'users:read'),
    role: () => createEntry(pool, SYSTEM_ACTOR, 'roles', { name: uniqueName('r'), description: '' }),
    permission: () => {
      const name = `${uniqueName('p')}:use`;
      return createEntry(pool, SYSTEM_ACTOR, 'permissions', { name, description: '' });
    },
  };
}

/** A name that satisfies the rules for roles and halves of permissions. */
export function uniqueName(prefix: string): string {
  return `${prefix}${newId().replaceAll('-', '')}`;
}
