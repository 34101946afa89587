-- expect: drop-column
-- truth: breaks select note from orders
-- migrate:up
alter table orders drop column note;
