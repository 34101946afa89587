-- expect: nothing
-- truth: none
-- migrate:up
create schema billing;
set local search_path = billing, public;
create table drafts (id bigint);
alter table drafts rename to invoices;
create index on billing.invoices (id);
alter table invoices set schema archive;
alter table archive.invoices add column total numeric default random();
drop table archive.invoices;
