-- expect: transaction-control
-- truth: fails
-- migrate:up
commit;
select 1;
