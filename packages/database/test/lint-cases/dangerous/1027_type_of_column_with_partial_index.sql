-- expect: change-column-type
-- truth: customers ACCESS EXCLUSIVE build
-- migrate:up
alter table customers alter column joined type timestamp(6);
