-- expect: nothing
-- truth: events SHARE UPDATE EXCLUSIVE; events_2021 ACCESS EXCLUSIVE
-- migrate:up
alter table events attach partition events_2021 for values from (2021) to (2022);
