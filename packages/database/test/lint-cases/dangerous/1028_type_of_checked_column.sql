-- expect: change-column-type
-- truth: orders ACCESS EXCLUSIVE scan
-- migrate:up
alter table orders alter column note type varchar;
