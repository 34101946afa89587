-- expect: volatile-default
-- truth: orders ACCESS EXCLUSIVE rewrite
-- migrate:up
alter table orders add column seen timestamptz default clock_timestamp();
