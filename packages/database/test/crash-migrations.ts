import { migration, stepwise } from './fixtures.ts';

/**
 * Twenty files with everything that a crash treats differently: transactions, concurrent indexes, unique ones among them,
 * backfills statement by statement, transactions of the script's own, REINDEX, VACUUM, and statements that undo others.
 */
export const CRASH_MIGRATIONS: Readonly<Record<string, string>> = {
  '0001_accounts.sql': migration(`
    create table accounts (id int primary key, email text not null, plan text, created int not null);
    insert into accounts select n, 'user' || n || '@example.com', 'plan' || n % 5, n % 365 from generate_series(1, 1000) as n;
    create table events (id bigint generated always as identity primary key, account_id int not null, kind text, payload text);
    insert into events (account_id, kind, payload) select n % 1000 + 1, 'kind' || n % 7, repeat('x', n % 60) from generate_series(1, 3000) as n;
  `),
  '0002_events_account.sql': stepwise('create index concurrently events_account on events (account_id);'),
  '0003_regions.sql': migration(`
    create table regions (id int primary key, name text not null);
    insert into regions select n, 'region' || n from generate_series(1, 4) as n;
    alter table accounts add column region_id int;
  `),
  '0004_backfill_regions.sql': stepwise(
    [0, 1, 2, 3]
      .map(part => `update accounts set region_id = ${part} + 1 where id % 4 = ${part};`)
      .join('\n'),
  ),
  '0005_accounts_email.sql': stepwise('create unique index concurrently accounts_email on accounts (email);'),
  '0006_region_key.sql': migration(
    'alter table accounts add constraint accounts_region foreign key (region_id) references regions (id) not valid;',
  ),
  '0007_validate.sql': stepwise(`
    alter table accounts validate constraint accounts_region;
    create index concurrently accounts_region_id on accounts (region_id);
  `),
  '0008_events_kind.sql': stepwise(`
    create index concurrently if not exists events_kind on events (kind, id);
    create index concurrently if not exists events_long on events (account_id) where length(payload) > 30;
  `),
  '0009_touch.sql': migration(`
    create function touch() returns trigger language plpgsql as $body$ begin new.created := new.created; return new; end $body$;
    create trigger accounts_touch before update on accounts for each row execute function touch();
  `),
  '0010_own_transaction.sql': stepwise(`
    create table audit (note text);
    begin;
    insert into audit select 'account ' || id from accounts where id <= 500;
    update accounts set plan = upper(plan) where id <= 500;
    commit;
    insert into audit values ('done');
  `),
  '0011_summary.sql': migration(
    'create table summary as select kind, count(*) as events from events group by kind; alter table summary add check (events > 0);',
  ),
  '0012_lower_email.sql': stepwise(
    'create unique index concurrently accounts_lower on accounts (lower(email)) include (plan);',
  ),
  '0013_backfill_payload.sql': stepwise(
    [0, 1, 2].map(part => `update events set payload = payload || '!' where id % 3 = ${part};`).join('\n'),
  ),
  '0014_replace_index.sql': stepwise(`
    create index concurrently events_account_kind on events (account_id, kind);
    drop index concurrently events_account;
  `),
  '0015_types.sql': migration(`
    create type tier as enum ('free', 'paid');
    alter table accounts add column tier tier not null default 'free';
    create view paying as select id, email from accounts where tier = 'paid';
  `),
  '0016_maintenance.sql': stepwise(`
    reindex index concurrently events_kind;
    vacuum (analyze) accounts;
    insert into audit values ('maintained');
  `),
  '0017_partitions.sql': migration(`
    create table metrics (at int not null, value int) partition by range (at);
    create table metrics_1 partition of metrics for values from (0) to (1000);
    create table metrics_2 partition of metrics for values from (1000) to (2000);
    insert into metrics select n, n from generate_series(0, 1999) as n;
  `),
  '0018_settings.sql': stepwise(`
    set maintenance_work_mem = '16MB';
    create index concurrently audit_note on audit (note);
    insert into audit values (current_setting('maintenance_work_mem'));
  `),
  '0019_rewrite.sql': migration('alter table summary alter column events type numeric;'),
  '0020_unique_constraint.sql': stepwise(`
    create unique index concurrently regions_name on regions (name);
    alter table regions add constraint regions_name unique using index regions_name;
    drop index concurrently events_long;
    alter table audit add column at int not null default 7;
  `),
};
