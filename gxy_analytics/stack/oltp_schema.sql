-- The backend's OLTP schema as Laravel's migrations make it, for the embedded PostgreSQL that stands in for it.
-- Times are UTC without a zone, money is decimal(12,2). Every statement may be run again.
create table if not exists tenants (
    id bigserial primary key,
    slug varchar(63) not null unique,
    name varchar(255) not null,
    plan varchar(32) not null default 'standard',
    country char(2),
    currency char(3) not null default 'EUR',
    timezone varchar(64) not null default 'UTC',
    status varchar(16) not null default 'active',
    created_at timestamp default (now() at time zone 'utc'),
    updated_at timestamp default (now() at time zone 'utc')
);
create table if not exists customers (
    id bigserial primary key,
    tenant_id bigint not null references tenants (id),
    email varchar(255),
    phone varchar(32),
    first_name varchar(255),
    last_name varchar(255),
    birth_date date,
    gender varchar(16),
    country char(2),
    region varchar(128),
    city varchar(128),
    postal_code varchar(16),
    accepts_marketing boolean not null default false,
    deleted_at timestamp,
    created_at timestamp default (now() at time zone 'utc'),
    updated_at timestamp default (now() at time zone 'utc')
);
create table if not exists categories (
    id bigserial primary key,
    tenant_id bigint not null references tenants (id),
    parent_id bigint references categories (id),
    name varchar(255) not null,
    slug varchar(255) not null,
    created_at timestamp default (now() at time zone 'utc'),
    updated_at timestamp default (now() at time zone 'utc')
);
create table if not exists products (
    id bigserial primary key,
    tenant_id bigint not null references tenants (id),
    category_id bigint references categories (id),
    sku varchar(64),
    name varchar(255) not null,
    brand varchar(128),
    price decimal(12, 2) not null,
    cost decimal(12, 2),
    currency char(3) not null,
    stock_quantity integer not null default 0,
    status varchar(16) not null default 'active',
    deleted_at timestamp,
    created_at timestamp default (now() at time zone 'utc'),
    updated_at timestamp default (now() at time zone 'utc')
);
create table if not exists coupons (
    id bigserial primary key,
    tenant_id bigint not null references tenants (id),
    code varchar(64) not null,
    kind varchar(16) not null,
    value decimal(12, 2) not null,
    starts_at timestamp,
    ends_at timestamp,
    created_at timestamp default (now() at time zone 'utc'),
    updated_at timestamp default (now() at time zone 'utc')
);
create table if not exists orders (
    id bigserial primary key,
    tenant_id bigint not null references tenants (id),
    customer_id bigint references customers (id),
    number varchar(64) not null,
    status varchar(16) not null default 'pending',
    currency char(3) not null,
    subtotal decimal(12, 2) not null default 0,
    discount_total decimal(12, 2) not null default 0,
    shipping_total decimal(12, 2) not null default 0,
    tax_total decimal(12, 2) not null default 0,
    grand_total decimal(12, 2) not null default 0,
    coupon_code varchar(64),
    channel varchar(32),
    ip_address varchar(45),
    billing_country char(2),
    shipping_country char(2),
    shipping_city varchar(128),
    shipping_postal_code varchar(16),
    placed_at timestamp not null,
    cancelled_at timestamp,
    created_at timestamp default (now() at time zone 'utc'),
    updated_at timestamp default (now() at time zone 'utc')
);
create table if not exists order_items (
    id bigserial primary key,
    tenant_id bigint not null references tenants (id),
    order_id bigint not null references orders (id),
    product_id bigint references products (id),
    quantity integer not null,
    unit_price decimal(12, 2) not null,
    discount decimal(12, 2) not null default 0,
    tax decimal(12, 2) not null default 0,
    total decimal(12, 2) not null default 0,
    created_at timestamp default (now() at time zone 'utc'),
    updated_at timestamp default (now() at time zone 'utc')
);
create table if not exists payments (
    id bigserial primary key,
    tenant_id bigint not null references tenants (id),
    order_id bigint not null references orders (id),
    provider varchar(32),
    method varchar(32),
    status varchar(16) not null,
    amount decimal(12, 2) not null,
    currency char(3) not null,
    card_fingerprint varchar(64),
    card_country char(2),
    processed_at timestamp not null,
    created_at timestamp default (now() at time zone 'utc'),
    updated_at timestamp default (now() at time zone 'utc')
);
create table if not exists shipments (
    id bigserial primary key,
    tenant_id bigint not null references tenants (id),
    order_id bigint not null references orders (id),
    carrier varchar(64),
    status varchar(16) not null default 'pending',
    promised_at timestamp,
    shipped_at timestamp,
    delivered_at timestamp,
    created_at timestamp default (now() at time zone 'utc'),
    updated_at timestamp default (now() at time zone 'utc')
);
create table if not exists refunds (
    id bigserial primary key,
    tenant_id bigint not null references tenants (id),
    order_id bigint not null references orders (id),
    order_item_id bigint references order_items (id),
    amount decimal(12, 2) not null,
    quantity integer not null default 0,
    reason varchar(64),
    processed_at timestamp not null,
    created_at timestamp default (now() at time zone 'utc'),
    updated_at timestamp default (now() at time zone 'utc')
);
create index if not exists customers_changed on customers (updated_at);
create index if not exists products_changed on products (updated_at);
create index if not exists orders_changed on orders (updated_at);
create index if not exists order_items_changed on order_items (updated_at);
create index if not exists order_items_order on order_items (order_id);
create index if not exists payments_changed on payments (updated_at);
create index if not exists shipments_changed on shipments (updated_at);
create index if not exists refunds_changed on refunds (updated_at);
create index if not exists orders_placed on orders (placed_at);
create index if not exists refunds_processed on refunds (processed_at);
