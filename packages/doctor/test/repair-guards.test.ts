import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readCatalog } from '@holdfast/postgres';
import { rowSecurityEnabled, type Stack } from '@holdfast/testing';
import { statement } from '../src/repair/statement.ts';
import { stackWithUsers } from './examination.ts';
import { carryOutAndTakeBack, changedTables, fix } from './repair-support.ts';

interface GuardFault {
  readonly name: string;
  readonly inject: string;
  readonly codes: readonly string[];
  /** True once it is repaired. */
  readonly proof: string;
  readonly command: RegExp;
  readonly undo: RegExp;
}

const FAULTS: readonly GuardFault[] = [
  {
    name: 'row level security switched on, with a policy that hides every row',
    inject: `
      alter table user_profiles enable row level security;
      create policy "of nobody" on user_profiles using (false)`,
    codes: ['row_security_changed table:user_profiles'],
    proof: `select not relrowsecurity and not exists (select from pg_policy where polrelid = c.oid) as proven
      from pg_class c where oid = 'user_profiles'::regclass`,
    command: /drop policy "of nobody".*disable row level security|disable row level security.*drop policy/s,
    undo: /create policy "of nobody" on .*using \(false\)/s,
  },
  {
    name: 'a trigger that was added, for replicas as well',
    inject: `
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create trigger refuse before insert on audit_log for each row when (new.action <> 'x') execute function refuse();
      alter table audit_log enable always trigger refuse;
      comment on trigger refuse on audit_log is 'the auditor''s'`,
    codes: ['trigger_unexpected trigger:audit_log.refuse'],
    proof: `select not exists (select from pg_trigger where tgname = 'refuse') as proven`,
    command: /^drop trigger "refuse" on "public"\."audit_log";$/,
    undo: /^CREATE TRIGGER refuse .* WHEN .*public\.refuse\(\); alter table .* enable always trigger "refuse"; comment on trigger .* is 'the auditor''s';$/s,
  },
  {
    name: 'a trigger with another definition',
    inject: `
      drop trigger users_modified_at on users;
      create trigger users_modified_at before update of email on users for each row execute function set_modified_at()`,
    codes: ['trigger_unexpected trigger:users.users_modified_at'],
    proof: `select pg_get_triggerdef(oid) like '%UPDATE OF email, status%' as proven from pg_trigger where tgname = 'users_modified_at'`,
    command: /^drop trigger users_modified_at .*BEFORE UPDATE OF email, status/is,
    undo: /BEFORE UPDATE OF email ON/is,
  },
];

describe('repairs of what keeps rows away', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });
  after(() => stack.close());

  async function isSo(query: string): Promise<boolean> {
    return stack.asSuperuser(async db => {
      const { proven } = await db.one(statement(query));
      return proven === true;
    });
  }

  for (const { name, inject, codes, proof, command, undo } of FAULTS) {
    it(`${name}: repaired and proven, every row as it was`, async () => {
      await stack.asSuperuser(db => db.script(inject));
      try {
        assert.equal(await isSo(proof), false);
        const report = await fix(stack);
        const told = JSON.stringify([report.headline, report.repairs, report.left]);
        assert.equal(report.status, 'green', told);
        assert.deepEqual(
          report.repairs.map(({ code, subject, outcome }) => `${code} ${subject} ${outcome}`),
          codes.map(code => `${code} helped`),
          told,
        );
        const [repaired] = report.repairs;
        assert.match(repaired?.steps[0]?.command ?? '', command);
        assert.match(repaired?.undo ?? '', undo);
        assert.equal(repaired?.backup, 'before-1');
        assert.deepEqual(repaired?.untouched?.changed, []);
        assert.equal(await isSo(proof), true);
        assert.deepEqual(await changedTables(stack), []);
      } finally {
        await stack.restoreDatabase();
      }
    });
  }

  for (const [what, result] of [
    ['drops rows', 'null'],
    ['does nothing any more', 'new'],
  ] as const) {
    it(`a function that ${what} gets its body back, for every trigger that calls it`, async () => {
      await stack.asSuperuser(db =>
        db.script(`create or replace function set_modified_at() returns trigger language plpgsql as
        $$ begin return ${result}; end $$`),
      );
      try {
        const report = await fix(stack);
        const told = JSON.stringify([report.headline, report.repairs, report.left]);
        assert.equal(report.status, 'green', told);
        assert.ok(report.repairs.length > 1, told);
        assert.ok(
          report.repairs.every(({ code, outcome }) => code === 'trigger_unexpected' && outcome === 'helped'),
        );
        assert.deepEqual(await changedTables(stack), []);
      } finally {
        await stack.restoreDatabase();
      }
    });
  }

  for (const { name, inject } of FAULTS) {
    it(`${name}: taken back, the catalog is what it was before the repair`, async () => {
      await stack.asSuperuser(db => db.script(inject));
      try {
        const catalog = () => stack.asSuperuser(db => readCatalog(db, { schemas: ['public'] }));
        const broken = await catalog();
        const between = await carryOutAndTakeBack(stack, catalog);
        assert.notDeepEqual(between, broken);
        assert.deepEqual(await catalog(), broken);
      } finally {
        await stack.restoreDatabase();
      }
    });
  }

  it('row level security that somebody switches on again: not helped, taken back, and said so', async () => {
    const fault = rowSecurityEnabled('user_profiles');
    await fault.inject(stack);
    await stack.asSuperuser(db =>
      db.script(`
        create function again() returns event_trigger language plpgsql as $$ begin
          if not (select relrowsecurity from pg_class where oid = 'public.user_profiles'::regclass) then
            alter table public.user_profiles enable row level security;
          end if; end $$;
        create event trigger spoils on ddl_command_end when tag in ('ALTER TABLE') execute function again();`),
    );
    try {
      const report = await fix(stack);
      const told = JSON.stringify([report.headline, report.repairs]);
      assert.equal(report.status, 'not_green', told);
      assert.deepEqual(
        report.repairs.map(({ code, outcome, steps }) => [code, outcome, steps.map(step => step.outcome)]),
        [['row_security_changed', 'undone', ['undone']]],
        told,
      );
      assert.match(report.headline, /0 helped, 1 did not help and taken back/);
    } finally {
      await fault.heal(stack);
    }
  });
});
