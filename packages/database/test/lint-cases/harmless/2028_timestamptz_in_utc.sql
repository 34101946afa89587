-- expect: nothing
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
set local timezone = 'UTC';
alter table orders alter column placed type timestamptz;
