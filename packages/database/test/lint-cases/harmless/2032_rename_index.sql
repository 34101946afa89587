-- expect: nothing
-- truth: none
-- migrate:up
alter index orders_total rename to orders_total_idx;
