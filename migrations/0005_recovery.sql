-- What a restore leaves behind, so that it logs nobody out and brings no ended session back.
-- A schema of its own: these rows describe the database, not the business in it.

-- migrate:up

create schema holdfast_recovery;

create table holdfast_recovery.restore_epochs (
  id uuid primary key,
  -- the point in time that the database was restored to: what was written later is lost
  restored_to timestamptz not null,
  restored_at timestamptz not null,
  note text not null default '',
  created_at timestamptz not null default now(),
  created_by uuid,
  constraint restore_epochs_order check (restored_to <= restored_at)
);
create index restore_epochs_window on holdfast_recovery.restore_epochs (restored_at, restored_to);

-- sessions that the revocation journal names but the restored database has never heard of
create table holdfast_recovery.revoked_sessions (
  session_id uuid primary key,
  revoked_at timestamptz not null,
  reason text not null
);
-- the revocation feed looks for those whose access tokens may still be valid
create index revoked_sessions_revoked_at on holdfast_recovery.revoked_sessions (revoked_at);

grant usage on schema holdfast_recovery to public;
grant select on all tables in schema holdfast_recovery to public;

-- migrate:down

drop table holdfast_recovery.revoked_sessions;
drop table holdfast_recovery.restore_epochs;
drop schema holdfast_recovery;
