-- expect: rewriting-column
-- truth: orders ACCESS EXCLUSIVE rewrite
-- migrate:up
alter table orders add column double_quantity integer generated always as (quantity * 2) stored;
