-- expect: reindex-not-concurrent
-- truth: orders SHARE build
-- migrate:up
reindex table orders;
