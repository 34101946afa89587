-- expect: rewrite-table
-- truth: orders ACCESS EXCLUSIVE rewrite
-- migrate:up
cluster orders using orders_pkey;
