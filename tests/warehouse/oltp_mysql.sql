-- The backend's schema as Laravel's migrations make it on MySQL/MariaDB (docs/reference/oltp.md), for the tests.
create table tenants (
    id bigint unsigned auto_increment primary key, slug varchar(63) not null unique, name varchar(255) not null,
    plan varchar(32) not null default 'standard', country char(2), currency char(3) not null default 'EUR',
    timezone varchar(64) not null default 'UTC', status varchar(16) not null default 'active',
    created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp
);
create table customers (
    id bigint unsigned auto_increment primary key, tenant_id bigint unsigned not null, email varchar(255), phone varchar(32),
    first_name varchar(255), last_name varchar(255), birth_date date, gender varchar(16), country char(2), region varchar(128),
    city varchar(128), postal_code varchar(16), accepts_marketing tinyint(1) not null default 0, deleted_at timestamp null,
    created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp
);
create table categories (
    id bigint unsigned auto_increment primary key, tenant_id bigint unsigned not null, parent_id bigint unsigned,
    name varchar(255) not null, slug varchar(255) not null,
    created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp
);
create table products (
    id bigint unsigned auto_increment primary key, tenant_id bigint unsigned not null, category_id bigint unsigned,
    sku varchar(64), name varchar(255) not null, brand varchar(128), price decimal(12, 2) not null, cost decimal(12, 2),
    currency char(3) not null, stock_quantity int not null default 0, status varchar(16) not null default 'active',
    deleted_at timestamp null, created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp
);
create table coupons (
    id bigint unsigned auto_increment primary key, tenant_id bigint unsigned not null, code varchar(64) not null,
    kind varchar(16) not null, value decimal(12, 2) not null, starts_at timestamp null, ends_at timestamp null,
    created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp
);
create table orders (
    id bigint unsigned auto_increment primary key, tenant_id bigint unsigned not null, customer_id bigint unsigned,
    number varchar(64) not null, status enum('pending', 'paid', 'fulfilled', 'cancelled') not null default 'pending',
    currency char(3) not null, subtotal decimal(12, 2) not null default 0, discount_total decimal(12, 2) not null default 0,
    shipping_total decimal(12, 2) not null default 0, tax_total decimal(12, 2) not null default 0,
    grand_total decimal(12, 2) not null default 0, coupon_code varchar(64), channel varchar(32), ip_address varchar(45),
    billing_country char(2), shipping_country char(2), shipping_city varchar(128), shipping_postal_code varchar(16),
    placed_at datetime not null, cancelled_at datetime null,
    created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp
);
create table order_items (
    id bigint unsigned auto_increment primary key, tenant_id bigint unsigned not null, order_id bigint unsigned not null,
    product_id bigint unsigned, quantity int not null, unit_price decimal(12, 2) not null, discount decimal(12, 2) not null default 0,
    tax decimal(12, 2) not null default 0, total decimal(12, 2) not null default 0,
    created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp
);
create table payments (
    id bigint unsigned auto_increment primary key, tenant_id bigint unsigned not null, order_id bigint unsigned not null,
    provider varchar(32), method varchar(32), status varchar(16) not null, amount decimal(12, 2) not null, currency char(3) not null,
    card_fingerprint varchar(64), card_country char(2), processed_at timestamp not null,
    created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp
);
create table shipments (
    id bigint unsigned auto_increment primary key, tenant_id bigint unsigned not null, order_id bigint unsigned not null,
    carrier varchar(64), status varchar(16) not null default 'pending', promised_at timestamp null, shipped_at timestamp null,
    delivered_at timestamp null, created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp
);
create table refunds (
    id bigint unsigned auto_increment primary key, tenant_id bigint unsigned not null, order_id bigint unsigned not null,
    order_item_id bigint unsigned, amount decimal(12, 2) not null, quantity int not null default 0, reason varchar(64),
    processed_at timestamp not null, created_at timestamp null default current_timestamp, updated_at timestamp null default current_timestamp
);
