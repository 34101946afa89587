-- expect: nothing
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
alter table orders enable row level security;
create policy orders_all on orders using (true);
