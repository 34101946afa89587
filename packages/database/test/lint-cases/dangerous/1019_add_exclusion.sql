-- expect: add-exclusion
-- truth: orders ACCESS EXCLUSIVE build
-- migrate:up
alter table orders add constraint orders_one_code exclude using btree (code with =);
