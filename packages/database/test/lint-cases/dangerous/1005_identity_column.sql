-- expect: rewriting-column
-- truth: orders ACCESS EXCLUSIVE rewrite
-- migrate:up
alter table orders add column number bigint generated always as identity;
