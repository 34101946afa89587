-- expect: nothing
-- truth: events SHARE
-- migrate:up
create index events_kind on only events (kind);
