-- expect: nothing
-- truth: tags ACCESS EXCLUSIVE
-- migrate:up
alter table tags rename to labels;
create view tags as select * from labels;
