-- expect: nothing
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
alter table orders add column digest text default md5('x');
