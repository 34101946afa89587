-- expect: nothing
-- truth: orders SHARE UPDATE EXCLUSIVE
-- migrate:up
create statistics orders_related on code, note from orders;
