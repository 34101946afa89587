-- expect: nothing
-- truth: outside orders SHARE UPDATE EXCLUSIVE
-- migrate:up transaction:false
create unique index concurrently orders_pair on orders (id, code);
