-- expect: row-security-without-policy
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
alter table orders enable row level security;
