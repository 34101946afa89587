import type { Random } from '@holdfast/core';
import { seedsDirectory } from '@holdfast/database';
import { applySeed } from '@holdfast/database/seed';
import { connect, sql } from '@holdfast/postgres';
import type { Stack } from '@holdfast/testing';

const PASSWORD = 'Quiet-Lantern-Over-Fjord-77';

/** The accounts and sessions of a seed; some have the development accounts as well. */
export async function fillOwn(stack: Stack, random: Random): Promise<void> {
  const people = 1 + random.below(4);
  for (let person = 0; person < people; person += 1) {
    const account = { email: `person-${person}@example.com`, password: PASSWORD };
    await ask(stack, 'register', account);
    for (let session = 0; session <= random.below(3); session += 1) await ask(stack, 'login', account);
  }
  if (random.chance(0.5)) await seedDevelopment(stack);
}

async function seedDevelopment(stack: Stack): Promise<void> {
  const connection = await connect({ url: stack.cluster.ownerUrl });
  try {
    await applySeed({ connection, dir: seedsDirectory(), name: 'development', environment: 'test' });
  } finally {
    await connection.close();
  }
}

/** @throws when it is not answered as it should be */
async function ask(stack: Stack, operation: string, body: unknown): Promise<void> {
  const response = await postTo(stack, operation, body);
  if (!response.ok) throw new Error(`${operation} was answered ${response.status}`);
}

export async function postTo(stack: Stack, operation: string, body: unknown): Promise<Response> {
  const response = await fetch(`${stack.server.url}/api/v1/auth/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await response.body?.cancel();
  return response;
}

/** As many accounts as a system has after years, with their sessions, and statistics that know of them. */
export async function growOwn(stack: Stack, accounts: number): Promise<void> {
  await stack.asSuperuser(async db => {
    await db.query(sql`
      insert into users (id, email)
      select gen_random_uuid(), format('grown-%s@example.com', n) from generate_series(1, ${accounts}) n
    `);
    await db.query(sql`
      insert into audit_log (id, occurred_at, actor_type, action, subject_type)
      select gen_random_uuid(), now() - n * interval '1 minute', 'anonymous', 'auth.login', 'user'
      from generate_series(1, ${accounts}) n
    `);
    await db.query(sql`analyze`);
  });
}
