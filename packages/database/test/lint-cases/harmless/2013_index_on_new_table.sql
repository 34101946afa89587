-- expect: nothing
-- truth: none
-- migrate:up
create table invoices (id bigint primary key, order_id bigint, sent timestamptz);
create index invoices_order on invoices (order_id);
create index invoices_sent on invoices (sent) where sent is null;
