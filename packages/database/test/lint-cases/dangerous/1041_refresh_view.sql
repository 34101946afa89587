-- expect: refresh-not-concurrent
-- truth: totals ACCESS EXCLUSIVE rewrite
-- migrate:up
refresh materialized view totals;
