-- expect: rename-table
-- truth: breaks select 1 from tags
-- migrate:up
alter table tags rename to labels;
