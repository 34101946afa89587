-- expect: add-check
-- truth: orders ACCESS EXCLUSIVE scan
-- migrate:up
alter table orders add constraint orders_total_positive check (total > 0);
