-- expect: nothing
-- truth: orders SHARE UPDATE EXCLUSIVE
-- migrate:up
alter table orders validate constraint orders_quantity_sane;
