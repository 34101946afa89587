-- expect: change-all-rows
-- truth: rows orders 300
-- migrate:up
update orders set quantity = quantity + 1;
