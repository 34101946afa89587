-- expect: nothing
-- truth: none
-- migrate:up
create extension if not exists pg_trgm;
