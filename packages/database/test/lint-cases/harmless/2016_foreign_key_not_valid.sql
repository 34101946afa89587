-- expect: nothing
-- truth: orders SHARE ROW EXCLUSIVE; customers SHARE ROW EXCLUSIVE
-- migrate:up
alter table orders add constraint orders_buyer foreign key (customer_id) references customers (id) not valid;
