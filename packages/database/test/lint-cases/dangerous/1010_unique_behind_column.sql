-- expect: add-unique
-- truth: orders ACCESS EXCLUSIVE build
-- migrate:up
alter table orders add column slug text unique;
