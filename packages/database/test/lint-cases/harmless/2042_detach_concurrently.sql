-- expect: nothing
-- truth: outside events SHARE UPDATE EXCLUSIVE
-- migrate:up transaction:false
alter table events detach partition events_2020 concurrently;
