-- expect: not-null-column
-- truth: fails 23502
-- migrate:up
alter table orders add column channel text not null;
