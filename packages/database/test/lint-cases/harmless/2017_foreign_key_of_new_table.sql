-- expect: nothing
-- truth: customers SHARE ROW EXCLUSIVE
-- migrate:up
create table invoices (id bigint primary key, customer_id bigint references customers (id));
