-- Sessions, refresh token families and the public side of the keyring. No row here lets a thief mint a token.

-- migrate:up

create table sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  client_id text not null,
  amr text[] not null,
  address inet,
  user_agent text,
  -- absolute: activity does not move it
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_by uuid,
  revocation_reason text,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid,
  constraint sessions_revocation_reason_known check (
    revocation_reason in ('logout', 'revoked_by_user', 'revoked_by_administrator', 'refresh_token_reused',
      'account_disabled', 'account_deleted', 'password_changed', 'session_limit')
  ),
  constraint sessions_revocation_complete check ((revoked_at is null) = (revocation_reason is null))
);
create index sessions_user on sessions (user_id, created_at) where revoked_at is null;
create index sessions_user_all on sessions (user_id);
create index sessions_expiry on sessions (expires_at);
-- the revocation feed polls what was revoked since it last looked
create index sessions_revoked_at on sessions (revoked_at) where revoked_at is not null;

create table refresh_tokens (
  -- one refresh token family per session, named by it; the tokens themselves are nowhere in the database
  session_id uuid primary key references sessions (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  generation integer not null default 0,
  rotated_at timestamptz not null default now(),
  -- when earlier generations became current, newest first; the grace window of their parents is measured from here
  previous_rotations timestamptz[] not null default '{}',
  -- slides with every rotation
  expires_at timestamptz not null,
  absolute_expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  constraint refresh_tokens_generation_positive check (generation >= 0)
)
-- every rotation updates its row in place: no index holds a column that rotation changes, and pages keep room (HOT)
with (fillfactor = 80);
create index refresh_tokens_user on refresh_tokens (user_id);

create table signing_keys (
  -- derived from the key material: a keyring that still has this kid still has this key
  kid text primary key,
  use text not null,
  algorithm text not null,
  public_jwk jsonb,
  status text not null,
  first_seen_at timestamptz not null default now(),
  retired_at timestamptz,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid,
  constraint signing_keys_use_known check (use in ('sign', 'refresh', 'encrypt')),
  constraint signing_keys_status_known check (status in ('next', 'current', 'retiring', 'revoked'))
);
create index signing_keys_status on signing_keys (use, status);
create trigger signing_keys_modified_at before update on signing_keys for each row execute function set_modified_at();

-- migrate:down

drop table signing_keys;
drop table refresh_tokens;
drop table sessions;
