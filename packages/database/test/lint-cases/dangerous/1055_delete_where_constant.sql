-- expect: change-all-rows
-- truth: rows orders 300
-- migrate:up
delete from orders where 1 = 1;
