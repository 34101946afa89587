-- Accounts: who a person is and how they prove it.
--
-- created_by and modified_by hold the id of the acting user, or null for the system itself. They are no foreign keys:
-- the record of who acted outlives the actor's purge.

-- migrate:up

create function set_modified_at() returns trigger
  language plpgsql
as $$
begin
  new.modified_at := now();
  return new;
end
$$;

create table users (
  id uuid primary key,
  email text not null,
  status text not null default 'active',
  email_verified_at timestamptz,
  last_login_at timestamptz,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid,
  deleted_at timestamptz,
  constraint users_email_format check (email ~ '^[^[:space:]@]+@[^[:space:]@]+$' and length(email) <= 320),
  constraint users_status_known check (status in ('active', 'disabled'))
);
create unique index users_email_unique on users (lower(email)) where deleted_at is null;
create index users_created_at on users (created_at, id) where deleted_at is null;
create index users_status on users (status) where deleted_at is null;
create index users_deleted_at on users (deleted_at) where deleted_at is not null;
-- a login moves last_login_at alone, which is no modification of the account
create trigger users_modified_at before update of email, status, email_verified_at, deleted_at, modified_by on users
  for each row execute function set_modified_at();

create table user_profiles (
  user_id uuid primary key references users (id) on delete cascade,
  display_name text,
  given_name text,
  family_name text,
  phone text,
  locale text,
  time_zone text,
  avatar_url text,
  bio text,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid
);
create trigger user_profiles_modified_at before update on user_profiles for each row execute function set_modified_at();

create table password_credentials (
  user_id uuid primary key references users (id) on delete cascade,
  -- PHC string with algorithm, parameters and salt; never anything else
  hash text not null,
  changed_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid,
  constraint password_credentials_hash_phc check (hash like '$argon2id$%')
);
create trigger password_credentials_modified_at before update on password_credentials
  for each row execute function set_modified_at();

create table one_time_tokens (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  purpose text not null,
  -- SHA-256 of the token; the token itself is only in the message sent
  token_hash bytea not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid,
  constraint one_time_tokens_purpose_known check (purpose in ('verify_email', 'reset_password', 'change_email')),
  constraint one_time_tokens_hash_length check (length(token_hash) = 32)
);
create unique index one_time_tokens_hash on one_time_tokens (token_hash);
create index one_time_tokens_user on one_time_tokens (user_id, purpose);
create index one_time_tokens_expiry on one_time_tokens (expires_at) where used_at is null;
create trigger one_time_tokens_modified_at before update on one_time_tokens
  for each row execute function set_modified_at();

create table oauth_providers (
  id uuid primary key,
  slug text not null,
  kind text not null,
  display_name text not null,
  issuer text,
  client_id text,
  client_secret_encrypted bytea,
  encryption_key_id text,
  scopes text[] not null default '{}',
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid,
  deleted_at timestamptz,
  constraint oauth_providers_kind_known check (kind in ('oidc', 'oauth2'))
);
create unique index oauth_providers_slug on oauth_providers (slug) where deleted_at is null;
create trigger oauth_providers_modified_at before update on oauth_providers
  for each row execute function set_modified_at();

create table oauth_accounts (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  provider_id uuid not null references oauth_providers (id),
  -- the provider's own, stable id of the person
  subject text not null,
  email text,
  access_token_encrypted bytea,
  refresh_token_encrypted bytea,
  encryption_key_id text,
  token_expires_at timestamptz,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid
);
create unique index oauth_accounts_subject on oauth_accounts (provider_id, subject);
create index oauth_accounts_user on oauth_accounts (user_id);
create index oauth_accounts_token_expiry on oauth_accounts (token_expires_at) where token_expires_at is not null;
create trigger oauth_accounts_modified_at before update on oauth_accounts
  for each row execute function set_modified_at();

create table login_attempts (
  id uuid primary key,
  user_id uuid references users (id) on delete set null,
  -- as typed, in lower case; also of addresses that have no account
  email text not null,
  outcome text not null,
  address inet,
  user_agent text,
  attempted_at timestamptz not null default now(),
  constraint login_attempts_outcome_known
    check (outcome in ('succeeded', 'wrong_password', 'unknown_user', 'account_disabled', 'no_password'))
);
create index login_attempts_user on login_attempts (user_id, attempted_at);
create index login_attempts_email on login_attempts (email, attempted_at);
create index login_attempts_address on login_attempts (address, attempted_at);
create index login_attempts_time on login_attempts (attempted_at);

-- migrate:down

drop table login_attempts;
drop table oauth_accounts;
drop table oauth_providers;
drop table one_time_tokens;
drop table password_credentials;
drop table user_profiles;
drop table users;
drop function set_modified_at();
