-- expect: rename-column
-- truth: breaks select note from orders
-- migrate:up
alter table orders rename column note to remark;
