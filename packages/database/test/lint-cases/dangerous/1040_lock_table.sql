-- expect: lock-table
-- truth: orders SHARE ROW EXCLUSIVE
-- migrate:up
lock table orders in share row exclusive mode;
