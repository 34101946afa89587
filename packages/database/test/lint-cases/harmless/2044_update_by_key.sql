-- expect: nothing
-- truth: none
-- migrate:up
update orders set note = 'x' where id = 3;
