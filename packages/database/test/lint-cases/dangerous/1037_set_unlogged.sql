-- expect: rewrite-table
-- truth: orders ACCESS EXCLUSIVE rewrite
-- migrate:up
alter table orders set unlogged;
