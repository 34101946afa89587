-- expect: change-column-type
-- truth: orders ACCESS EXCLUSIVE rewrite
-- migrate:up
alter table orders alter column code type varchar(10);
