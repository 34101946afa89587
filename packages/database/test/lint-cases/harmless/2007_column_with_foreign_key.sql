-- expect: nothing
-- truth: orders ACCESS EXCLUSIVE; customers SHARE ROW EXCLUSIVE
-- migrate:up
alter table orders add column buyer_id bigint references customers (id);
