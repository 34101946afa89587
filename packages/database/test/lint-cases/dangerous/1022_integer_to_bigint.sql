-- expect: change-column-type
-- truth: orders ACCESS EXCLUSIVE rewrite
-- migrate:up
alter table orders alter column quantity type bigint;
