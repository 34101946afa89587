-- expect: domain-constraint
-- truth: orders SHARE scan
-- migrate:up
alter domain amount add constraint amount_sane check (value < 1000000);
