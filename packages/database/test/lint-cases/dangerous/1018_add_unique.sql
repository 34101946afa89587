-- expect: add-unique
-- truth: orders ACCESS EXCLUSIVE build
-- migrate:up
alter table orders add constraint orders_number unique (customer_id, code);
