-- expect: nothing
-- truth: events ACCESS EXCLUSIVE
-- migrate:up
create table events_2030 partition of events for values from (2030) to (2031);
