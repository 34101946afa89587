-- expect: nothing
-- truth: orders SHARE UPDATE EXCLUSIVE
-- migrate:up
alter table orders set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
