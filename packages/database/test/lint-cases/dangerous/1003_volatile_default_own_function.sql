-- expect: volatile-default
-- truth: orders ACCESS EXCLUSIVE rewrite
-- migrate:up
alter table orders add column tracking text default next_code();
