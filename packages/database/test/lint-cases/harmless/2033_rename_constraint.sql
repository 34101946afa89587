-- expect: nothing
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
alter table orders rename constraint orders_quantity_sane to orders_quantity_positive;
