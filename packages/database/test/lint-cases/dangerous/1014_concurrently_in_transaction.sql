-- expect: concurrently-in-transaction
-- truth: fails 25001
-- migrate:up
create index concurrently orders_placed on orders (placed);
