-- expect: drop-cascade
-- truth: breaks select state from orders
-- migrate:up
drop type status cascade;
