-- expect: create-trigger
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
create rule orders_kept as on delete to orders do instead nothing;
