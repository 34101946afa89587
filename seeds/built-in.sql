-- environments: all
-- The roles and permissions that the API itself relies on. Safe to apply again: puts back what is missing, changes nothing else.

insert into permissions (id, name, description, built_in)
values
  ('01a1fd00-a8a8-77f3-b7f0-29b79142c142', 'users:read', 'List and read accounts', true),
  ('01a1fd00-a8a9-75b9-8071-73f90d6d509b', 'users:write', 'Create, change, disable, delete, restore and import accounts', true),
  ('01a1fd00-a8a9-75b9-8071-77b5d9037b0b', 'roles:read', 'List and read roles and permissions', true),
  ('01a1fd00-a8a9-75b9-8071-790c0637c200', 'roles:write', 'Create and change roles and permissions, and grant them', true),
  ('01a1fd00-a8a9-75b9-8071-7cf7d9d0183c', 'sessions:read', 'List the sessions of any account', true),
  ('01a1fd00-a8a9-75b9-8071-81666296ade7', 'sessions:revoke', 'End the sessions of any account', true),
  ('01a1fd00-a8a9-75b9-8071-873e5d042aea', 'audit:read', 'Query the audit log', true),
  ('01a1fd00-a8a9-75b9-8071-8b150a210f6e', 'system:read', 'Read health, incidents and diagnoses', true),
  ('01a1fd00-a8a9-75b9-8071-8c8a1686a7eb', 'system:operate', 'Restart parts, repair, back up and restore', true)
on conflict do nothing;

insert into roles (id, name, description, built_in)
values
  ('01a1fd00-a8a9-75b9-8071-903be55fae4c', 'admin', 'Full access', true),
  ('01a1fd00-a8a9-75b9-8071-9549cfb45e22', 'operator', 'Looks after the system, not after its people', true),
  ('01a1fd00-a8a9-75b9-8071-98d066512578', 'support', 'Helps users; changes nothing but their sessions', true),
  ('01a1fd00-a8a9-75b9-8071-9dc802d4a2c4', 'user', 'Every account', true)
on conflict do nothing;

insert into role_permissions (role_id, permission_id)
select roles.id, permissions.id
from (
  values
    ('admin', 'users:read'),
    ('admin', 'users:write'),
    ('admin', 'roles:read'),
    ('admin', 'roles:write'),
    ('admin', 'sessions:read'),
    ('admin', 'sessions:revoke'),
    ('admin', 'audit:read'),
    ('admin', 'system:read'),
    ('admin', 'system:operate'),
    ('operator', 'system:read'),
    ('operator', 'system:operate'),
    ('operator', 'audit:read'),
    ('support', 'users:read'),
    ('support', 'sessions:read'),
    ('support', 'sessions:revoke')
) as granted (role, permission)
join roles on roles.name = granted.role and roles.deleted_at is null
join permissions on permissions.name = granted.permission and permissions.deleted_at is null
on conflict do nothing;
