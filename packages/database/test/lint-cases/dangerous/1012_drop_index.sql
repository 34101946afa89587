-- expect: drop-index-not-concurrent
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
drop index orders_total;
