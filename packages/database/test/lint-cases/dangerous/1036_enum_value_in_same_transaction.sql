-- expect: enum-value-in-same-transaction
-- truth: fails 55P04
-- migrate:up
alter type status add value 'refunded';
update orders set state = 'refunded' where id = 1;
