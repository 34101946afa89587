-- expect: nothing
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
alter table orders alter column label set default gen_random_uuid()::text;
