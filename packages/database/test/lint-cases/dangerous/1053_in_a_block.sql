-- expect: add-foreign-key
-- truth: orders SHARE ROW EXCLUSIVE scan; customers SHARE ROW EXCLUSIVE
-- migrate:up
do $$
begin
  if not exists (select from pg_constraint where conname = 'orders_customer') then
    alter table orders add constraint orders_customer foreign key (customer_id) references customers (id);
  end if;
end $$;
