-- expect: attach-partition
-- truth: events_2022 ACCESS EXCLUSIVE scan
-- migrate:up
alter table events attach partition events_2022 for values from (2022) to (2023);
