-- expect: add-check
-- truth: orders ACCESS EXCLUSIVE scan
-- migrate:up
alter table orders add column discount integer check (discount < 100);
