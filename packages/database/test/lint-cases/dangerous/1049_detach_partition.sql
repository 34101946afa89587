-- expect: detach-partition
-- truth: events ACCESS EXCLUSIVE
-- migrate:up
alter table events detach partition events_2020;
