-- expect: nothing
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
alter table orders add column placed_on date not null default current_date;
