-- expect: nothing
-- truth: orders SHARE UPDATE EXCLUSIVE
-- migrate:up
grant select on orders to public;
comment on table orders is 'what was ordered';
