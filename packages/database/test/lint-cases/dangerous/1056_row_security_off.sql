-- expect: row-security-off
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
alter table orders disable row level security;
