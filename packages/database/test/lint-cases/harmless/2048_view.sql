-- expect: nothing
-- truth: none
-- migrate:up
create view open_orders as select id, code from orders where state = 'open';
create or replace view open_orders as select id, code from orders where state <> 'paid';
