-- What every case finds: tables in use, with rows in them. Each case is the migration after this one.

-- migrate:up

create domain positive as integer check (value > 0);
create domain amount as integer;
create type status as enum ('open', 'paid');

create table customers (
  id bigint primary key,
  email text,
  name varchar(40),
  country char(2),
  joined timestamp,
  constraint customers_email_shape check (email <> '')
);
create index customers_name on customers (name);
create index customers_joined_recently on customers (joined) where joined is not null;

create table orders (
  id bigint primary key,
  customer_id bigint,
  code varchar(20),
  note text,
  total numeric(10, 2),
  quantity integer not null,
  tax amount,
  state status,
  placed timestamp(3),
  network cidr,
  label text,
  constraint orders_note_length check (length(note) < 1000)
);
create unique index orders_code_unique on orders (code);
create index orders_total on orders (total);
create index orders_label on orders (label);
alter table orders add constraint orders_quantity_sane check (quantity >= 0) not valid;
alter table orders add constraint orders_customer_present check (customer_id is not null);
alter table orders add constraint orders_customer_fkey foreign key (customer_id) references customers not valid;

create table tags (id integer not null, name text not null);
create unique index tags_id_unique on tags (id);

create table events (at integer not null, kind text) partition by range (at);
create table events_2020 partition of events for values from (2020) to (2021);
create table events_2021 (at integer not null, kind text, check (at >= 2021 and at < 2022));
create table events_2022 (at integer not null, kind text);

create table visits (day integer not null, path text) partition by range (day);
create table visits_old partition of visits for values from (0) to (10);
create table visits_rest partition of visits default;

create materialized view totals as select customer_id, count(*) as orders from orders group by customer_id;
create unique index totals_customer on totals (customer_id);

create view countries as select id, country from customers;

create function touch() returns trigger language plpgsql as 'begin return new; end';
create function next_code() returns text language plpgsql as 'begin return random()::text; end';
create function first_code() returns text language plpgsql immutable as $$ begin return 'a'; end $$;
create trigger customers_touch before update on customers for each row execute function touch();
create schema archive;

insert into customers (id, email, name, country, joined)
  select number, 'a' || number, 'n' || number, 'de', now() from generate_series(1, 300) as number;
-- wide enough that a row is found by its key also after autovacuum has counted the table
insert into orders (id, customer_id, code, note, total, quantity, tax, state, placed, network)
  select number, number, 'c' || number, repeat('n', 400), 1, 1, 1, 'open', now(), '10.0.0.0/8' from generate_series(1, 300) as number;
insert into tags select number, 'tag ' || number from generate_series(1, 300) as number;
insert into events_2020 select 2020, 'x' from generate_series(1, 300);
insert into events_2021 select 2021, 'x' from generate_series(1, 300);
insert into events_2022 select 2022, 'x' from generate_series(1, 300);
insert into visits_rest select 99, 'x' from generate_series(1, 300);
refresh materialized view totals;
