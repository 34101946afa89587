-- expect: drop-table
-- truth: breaks select 1 from tags
-- migrate:up
drop table tags;
