-- expect: nothing
-- truth: none
-- migrate:up
create table invoices (id bigint, note varchar(10), old integer);
alter table invoices alter column note set not null;
alter table invoices alter column note type varchar(5);
alter table invoices add constraint invoices_note check (note <> '');
alter table invoices add primary key (id);
alter table invoices rename column note to text;
alter table invoices drop column old;
create trigger invoices_touch before update on invoices for each row execute function touch();
update invoices set text = '';
truncate invoices;
