-- expect: nothing
-- truth: outside orders SHARE UPDATE EXCLUSIVE
-- migrate:up transaction:false
drop index concurrently orders_total;
