-- expect: nothing
-- truth: none
-- migrate:up
create table notes (id integer);
create rule notes_kept as on delete to notes do instead nothing;
delete from notes where 1 = 1;
