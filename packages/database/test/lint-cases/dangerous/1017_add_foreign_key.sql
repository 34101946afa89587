-- expect: add-foreign-key
-- truth: orders SHARE ROW EXCLUSIVE scan; customers SHARE ROW EXCLUSIVE
-- migrate:up
alter table orders add constraint orders_customer foreign key (customer_id) references customers (id);
