-- expect: rewriting-column
-- truth: orders ACCESS EXCLUSIVE rewrite
-- migrate:up
alter table orders add column number bigserial;
