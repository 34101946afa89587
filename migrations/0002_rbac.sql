-- Roles, permissions and who has them. The built-in rows come from the seed set `built-in`, so that they can be put back.

-- migrate:up

create table roles (
  id uuid primary key,
  name text not null,
  description text not null default '',
  -- built-in roles cannot be renamed, disabled or deleted through the API
  built_in boolean not null default false,
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid,
  deleted_at timestamptz,
  constraint roles_name_format check (name ~ '^[a-z][a-z0-9_-]{0,62}$')
);
create unique index roles_name_unique on roles (name) where deleted_at is null;
create index roles_deleted_at on roles (deleted_at) where deleted_at is not null;
create trigger roles_modified_at before update on roles for each row execute function set_modified_at();

create table permissions (
  id uuid primary key,
  name text not null,
  description text not null default '',
  built_in boolean not null default false,
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid,
  deleted_at timestamptz,
  constraint permissions_name_format check (name ~ '^[a-z][a-z0-9_-]{0,62}:[a-z][a-z0-9_-]{0,62}$')
);
create unique index permissions_name_unique on permissions (name) where deleted_at is null;
create index permissions_deleted_at on permissions (deleted_at) where deleted_at is not null;
create trigger permissions_modified_at before update on permissions for each row execute function set_modified_at();

create table role_permissions (
  role_id uuid not null references roles (id) on delete cascade,
  permission_id uuid not null references permissions (id) on delete cascade,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid,
  primary key (role_id, permission_id)
);
create index role_permissions_permission on role_permissions (permission_id);

create table user_roles (
  user_id uuid not null references users (id) on delete cascade,
  role_id uuid not null references roles (id) on delete cascade,
  created_at timestamptz not null default now(),
  created_by uuid,
  modified_at timestamptz not null default now(),
  modified_by uuid,
  primary key (user_id, role_id)
);
create index user_roles_role on user_roles (role_id);

-- migrate:down

drop table user_roles;
drop table role_permissions;
drop table permissions;
drop table roles;
