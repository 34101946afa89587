-- expect: validate-in-same-transaction
-- truth: orders ACCESS EXCLUSIVE scan
-- migrate:up
alter table orders add constraint orders_total_positive check (total > 0) not valid;
alter table orders validate constraint orders_total_positive;
