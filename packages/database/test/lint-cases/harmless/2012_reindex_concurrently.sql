-- expect: nothing
-- truth: outside orders SHARE UPDATE EXCLUSIVE
-- migrate:up transaction:false
reindex (concurrently) table orders;
