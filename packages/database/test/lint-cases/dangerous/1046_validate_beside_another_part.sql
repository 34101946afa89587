-- expect: long-work-under-lock
-- truth: orders ACCESS EXCLUSIVE scan
-- migrate:up
alter table orders validate constraint orders_quantity_sane, add column region text;
