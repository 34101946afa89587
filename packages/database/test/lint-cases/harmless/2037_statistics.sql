-- expect: nothing
-- truth: orders SHARE UPDATE EXCLUSIVE
-- migrate:up
alter table orders alter column code set statistics 500;
