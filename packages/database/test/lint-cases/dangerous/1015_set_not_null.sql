-- expect: set-not-null
-- truth: orders ACCESS EXCLUSIVE scan
-- migrate:up
alter table orders alter column code set not null;
