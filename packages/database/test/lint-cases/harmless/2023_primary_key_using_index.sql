-- expect: nothing
-- truth: tags ACCESS EXCLUSIVE
-- migrate:up
alter table tags add constraint tags_pkey primary key using index tags_id_unique;
