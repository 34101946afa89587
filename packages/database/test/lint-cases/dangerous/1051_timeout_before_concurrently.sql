-- expect: timeout-before-concurrently
-- truth: invalid orders_placed
-- migrate:up transaction:false
set statement_timeout = '1s';
create index concurrently orders_placed on orders (placed);
