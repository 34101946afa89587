-- expect: change-column-type
-- truth: customers ACCESS EXCLUSIVE rewrite
-- migrate:up
set local timezone = 'Europe/Berlin';
alter table customers alter column joined type timestamptz;
