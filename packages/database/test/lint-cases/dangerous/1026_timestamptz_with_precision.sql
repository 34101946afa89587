-- expect: change-column-type
-- truth: orders ACCESS EXCLUSIVE rewrite
-- migrate:up
set local timezone = 'UTC';
alter table orders alter column placed type timestamptz(3);
