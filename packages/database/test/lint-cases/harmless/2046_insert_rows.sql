-- expect: nothing
-- truth: none
-- migrate:up
insert into tags (id, name) values (1000, 'new') on conflict do nothing;
