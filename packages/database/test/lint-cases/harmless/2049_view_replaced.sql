-- expect: nothing
-- truth: countries ACCESS EXCLUSIVE
-- migrate:up
create view recent as select id from orders;
drop view recent;
create view recent as select id, code from orders;
drop view countries;
create view countries as select id, name, country from customers;
