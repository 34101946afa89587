-- expect: long-work-under-lock
-- truth: orders ACCESS EXCLUSIVE scan
-- migrate:up
alter table orders add column region text;
update orders set region = 'eu' where note is null;
