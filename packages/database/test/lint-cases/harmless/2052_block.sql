-- expect: nothing
-- truth: none
-- migrate:up
do $$
begin
  create table invoices (id bigint);
  create index invoices_id on invoices (id);
exception when duplicate_table then null;
end $$;
