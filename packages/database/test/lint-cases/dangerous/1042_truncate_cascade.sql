-- expect: truncate
-- truth: customers ACCESS EXCLUSIVE rewrite; orders ACCESS EXCLUSIVE
-- migrate:up
truncate customers cascade;
