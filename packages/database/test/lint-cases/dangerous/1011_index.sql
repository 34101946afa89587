-- expect: index-not-concurrent
-- truth: orders SHARE build
-- migrate:up
create index orders_placed on orders (placed);
