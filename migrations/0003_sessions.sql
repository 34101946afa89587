-- Sessions, refresh token families and the public side of the keyring. No row here lets a thief mint a token.

-- migrate:up

create table sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  client_id text not null,
  amr text[] not null,
  address inet,
  user_agent text,
  last_used_at timestamptz not null default now(),
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
      'account_disabled', 'account_deleted', 'password_changed')
  ),
  constraint sessions_revocation_complete check ((revoked_at is null) = (revocation_reason is null))
);
create index sessions_user on sessions (user_id, created_at) where revoked_at is null;
create index sessions_user_all on sessions (user_id);
create index sessions_expiry on sessions (expires_at);
-- the revocation feed polls what was revoked since it last looked
create index sessions_revoked_at on sessions (revoked_at) where revoked_at is not null;

create table refresh_tokens (
  -- the refresh token family; the tokens themselves are nowhere in the database
  id uuid primary key,
  session_id uuid not null references sessions (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  generation integer not null default 0,
  rotated_at timestamptz not null default now(),
  -- when the generation before the current one became current; the grace window of its parent is measured from here
  previous_rotated_at timestamptz,
  -- slides with every rotation
  expires_at timestamptz not null,
  absolute_expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  constraint refresh_tokens_generation_positive check (generation >= 0)
);
create unique index refresh_tokens_session on refresh_tokens (session_id);
create index refresh_tokens_user on refresh_tokens (user_id);
create index refresh_tokens_expiry on refresh_tokens (expires_at);

create table signing_keys (
  kid text primary key,
  use text not null,
  algorithm text not null,
  -- what proves that a keyring still holds the same key: RFC 7638 thumbprint, or a MAC of a fixed text for secret keys
  fingerprint text not null,
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
