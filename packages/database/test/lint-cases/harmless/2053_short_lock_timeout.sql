-- expect: nothing
-- truth: none
-- migrate:up
set local lock_timeout = '300ms';
set local statement_timeout = '5s';
