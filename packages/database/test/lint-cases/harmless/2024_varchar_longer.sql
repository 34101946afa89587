-- expect: nothing
-- truth: customers ACCESS EXCLUSIVE
-- migrate:up
alter table customers alter column name type varchar(80);
