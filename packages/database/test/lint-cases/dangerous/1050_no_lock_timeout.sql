-- expect: no-lock-timeout
-- truth: setting lock_timeout 0
-- migrate:up
set local lock_timeout = 0;
