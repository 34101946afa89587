-- expect: nothing
-- truth: totals EXCLUSIVE
-- migrate:up
refresh materialized view concurrently totals;
