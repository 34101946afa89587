-- expect: set-not-null, drop-key
-- truth: orders ACCESS EXCLUSIVE scan
-- migrate:up
alter table orders drop constraint orders_pkey;
alter table orders add constraint orders_code_key primary key using index orders_code_unique;
