-- The table orders and what it points at, as dbsprout is told of them: with the database's own
-- description it cannot fill them. A column named "status" gets words that are not in the enum,
-- unless a CHECK names them; a jsonb column named "tags" gets a bare word. Columns that are left
-- out get their defaults. The rows still go into the real tables, with all keys and indexes.

CREATE TABLE sellers (
    id uuid PRIMARY KEY,
    name varchar(255) NOT NULL,
    slug varchar(100) NOT NULL UNIQUE
);

CREATE TABLE products (
    id uuid PRIMARY KEY,
    product_code varchar(50) NOT NULL UNIQUE,
    name varchar(255) NOT NULL,
    slug varchar(100) NOT NULL UNIQUE,
    base_price numeric(10,2) NOT NULL
);

CREATE TABLE sellpages (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers (id),
    product_id uuid NOT NULL REFERENCES products (id),
    slug varchar(100) NOT NULL UNIQUE
);

CREATE TABLE orders (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers (id),
    sellpage_id uuid NOT NULL REFERENCES sellpages (id),
    order_number varchar(50) NOT NULL UNIQUE,
    customer_email varchar(255) NOT NULL,
    customer_name varchar(255),
    customer_phone varchar(50),
    shipping_address jsonb NOT NULL,
    subtotal numeric(10,2) NOT NULL,
    shipping_cost numeric(10,2) NOT NULL,
    tax_amount numeric(10,2) NOT NULL,
    discount_amount numeric(10,2) NOT NULL,
    total numeric(10,2) NOT NULL,
    currency varchar(3) NOT NULL,
    status varchar(10) NOT NULL CHECK (status IN
        ('PENDING', 'CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED', 'REFUNDED')),
    payment_method varchar(50),
    payment_id varchar(255),
    paid_at timestamptz,
    tracking_number varchar(255),
    tracking_url varchar(1000),
    notes text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
