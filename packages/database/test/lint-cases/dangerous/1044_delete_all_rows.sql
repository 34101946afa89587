-- expect: change-all-rows
-- truth: rows orders 300
-- migrate:up
with gone as (delete from orders returning id) select count(*) from gone;
