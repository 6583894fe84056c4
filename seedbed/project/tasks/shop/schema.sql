-- The application's tables. Only the embedded server gets them from here.

CREATE TABLE customers (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);

CREATE TABLE orders (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    status text NOT NULL CHECK (status IN ('paid', 'shipped', 'cancelled')),
    total numeric(10, 2) NOT NULL CHECK (total > 0),
    placed_at timestamptz NOT NULL
);

CREATE INDEX ON orders (customer_id);
