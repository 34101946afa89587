-- expect: disable-trigger
-- truth: customers SHARE ROW EXCLUSIVE
-- migrate:up
alter table customers disable trigger user;
