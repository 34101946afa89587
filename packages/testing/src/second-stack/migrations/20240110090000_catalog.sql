-- migrate:up
create schema shop;

create table shop.categories (
  id integer generated always as identity primary key,
  slug text not null unique,
  title text not null,
  parent_id integer references shop.categories (id)
);
create index categories_parent on shop.categories (parent_id);

create table shop.products (
  id integer generated always as identity primary key,
  sku text not null unique,
  title text not null,
  description text,
  price_cents integer not null check (price_cents >= 0),
  created_at timestamptz not null default now()
);

create table shop.product_categories (
  product_id integer not null references shop.products (id) on delete cascade,
  category_id integer not null references shop.categories (id),
  primary key (product_id, category_id)
);
create index product_categories_category on shop.product_categories (category_id);

create table shop.stock_movements (
  id bigint generated always as identity primary key,
  product_id integer not null references shop.products (id),
  amount integer not null,
  moved_at timestamptz not null default now()
);
create index stock_movements_product on shop.stock_movements (product_id);

create view shop.product_list as
select
  product.id,
  product.sku,
  product.title,
  product.description,
  product.price_cents,
  coalesce((select sum(amount) from shop.stock_movements where product_id = product.id), 0)::int as in_stock
from shop.products as product;

-- migrate:down
drop schema shop cascade;
