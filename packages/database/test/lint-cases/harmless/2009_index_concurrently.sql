-- expect: nothing
-- truth: outside orders SHARE UPDATE EXCLUSIVE
-- migrate:up transaction:false
create index concurrently orders_placed on orders (placed);
