-- The shop portal's own schema and platform rows, for the embedded database only.
-- Anywhere else the application's migrations have made both, and seeding reads them.
-- Core functions only: no extension, no role, no trigger.

-- Types ---------------------------------------------------------------------------------

CREATE TYPE order_status AS ENUM
    ('PENDING', 'CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED', 'REFUNDED');
CREATE TYPE order_event_type AS ENUM
    ('CREATED', 'CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED', 'REFUNDED',
     'NOTE_ADDED');
CREATE TYPE campaign_status AS ENUM ('ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED');
CREATE TYPE budget_type AS ENUM ('DAILY', 'LIFETIME');
CREATE TYPE stats_entity_type AS ENUM ('CAMPAIGN', 'ADSET', 'AD');
CREATE TYPE sellpage_status AS ENUM ('DRAFT', 'PUBLISHED', 'ARCHIVED');
CREATE TYPE sellpage_type AS ENUM ('SINGLE', 'MULTIPLE');
CREATE TYPE seller_user_role AS ENUM ('OWNER', 'ADMIN', 'EDITOR', 'VIEWER');
CREATE TYPE fb_connection_type AS ENUM ('AD_ACCOUNT', 'PAGE', 'PIXEL', 'CONVERSION');
CREATE TYPE product_status AS ENUM ('DRAFT', 'ACTIVE', 'ARCHIVED');
CREATE TYPE domain_status AS ENUM ('PENDING', 'VERIFIED', 'FAILED');
CREATE TYPE verification_method AS ENUM ('TXT', 'A_RECORD');
CREATE TYPE media_type AS ENUM ('VIDEO', 'IMAGE', 'TEXT');
CREATE TYPE asset_source_type AS ENUM
    ('PIXCON', 'USER_UPLOAD', 'PARTNER_API', 'MIGRATION', 'SYSTEM');
CREATE TYPE creative_status AS ENUM ('DRAFT', 'READY', 'ARCHIVED');
CREATE TYPE creative_type AS ENUM ('VIDEO_AD', 'IMAGE_AD', 'TEXT_ONLY', 'UGC_BUNDLE');
CREATE TYPE creative_asset_role AS ENUM
    ('PRIMARY_VIDEO', 'THUMBNAIL', 'PRIMARY_TEXT', 'HEADLINE', 'DESCRIPTION', 'EXTRA');
CREATE TYPE post_source AS ENUM ('EXISTING', 'CONTENT_SOURCE');

-- Users and sellers ---------------------------------------------------------------------

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email varchar(255) NOT NULL,
    password_hash varchar(255),
    display_name varchar(255) NOT NULL,
    avatar_url varchar(500),
    is_active boolean NOT NULL DEFAULT true,
    is_superadmin boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (email);

CREATE TABLE refresh_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash varchar(255) NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sellers (
    id uuid PRIMARY KEY,
    name varchar(255) NOT NULL,
    slug varchar(100) NOT NULL,
    logo_url varchar(500),
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX sellers_slug_key ON sellers (slug);

CREATE TABLE seller_users (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role seller_user_role NOT NULL DEFAULT 'EDITOR',
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX seller_users_seller_id_user_id_key ON seller_users (seller_id, user_id);

CREATE TABLE seller_settings (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    brand_name varchar(255),
    default_currency varchar(3) NOT NULL DEFAULT 'USD',
    timezone varchar(64) NOT NULL DEFAULT 'UTC',
    support_email varchar(255),
    meta_pixel_id varchar(100),
    google_analytics_id varchar(100),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX seller_settings_seller_id_key ON seller_settings (seller_id);

CREATE TABLE seller_domains (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    hostname varchar(255) NOT NULL,
    verification_method verification_method NOT NULL DEFAULT 'TXT',
    verification_token varchar(100) NOT NULL,
    status domain_status NOT NULL DEFAULT 'PENDING',
    is_primary boolean NOT NULL DEFAULT false,
    verified_at timestamptz,
    failure_reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX seller_domains_hostname_key ON seller_domains (hostname);
CREATE UNIQUE INDEX seller_domains_seller_id_hostname_key ON seller_domains (seller_id, hostname);
CREATE UNIQUE INDEX seller_domains_verification_token_key ON seller_domains (verification_token);

-- Products ------------------------------------------------------------------------------

CREATE TABLE products (
    id uuid PRIMARY KEY,
    product_code varchar(50) NOT NULL,
    name varchar(255) NOT NULL,
    slug varchar(100) NOT NULL,
    base_price numeric(10,2) NOT NULL,
    compare_at_price numeric(10,2),
    cost_price numeric(10,2),
    currency varchar(3) NOT NULL DEFAULT 'USD',
    sku varchar(100),
    description text,
    description_blocks jsonb NOT NULL DEFAULT '[]',
    shipping_info jsonb NOT NULL DEFAULT '{}',
    tags jsonb NOT NULL DEFAULT '[]',
    status product_status NOT NULL DEFAULT 'DRAFT',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX products_product_code_key ON products (product_code);
CREATE UNIQUE INDEX products_slug_key ON products (slug);

CREATE TABLE product_variants (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES products ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    sku varchar(100),
    price_override numeric(10,2),
    compare_at_price numeric(10,2),
    options jsonb NOT NULL DEFAULT '{}',
    stock_quantity integer NOT NULL DEFAULT 0,
    is_active boolean NOT NULL DEFAULT true,
    position integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE product_labels (
    id uuid PRIMARY KEY,
    name varchar(100) NOT NULL,
    slug varchar(100) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX product_labels_slug_key ON product_labels (slug);

CREATE TABLE product_product_labels (
    product_id uuid NOT NULL REFERENCES products ON DELETE CASCADE,
    label_id uuid NOT NULL REFERENCES product_labels ON DELETE CASCADE,
    PRIMARY KEY (product_id, label_id)
);

CREATE TABLE pricing_rules (
    id uuid PRIMARY KEY,
    product_id uuid REFERENCES products ON DELETE SET NULL,
    suggested_retail numeric(10,2) NOT NULL,
    seller_take_percent numeric(5,2) NOT NULL,
    seller_take_fixed numeric(10,2),
    hold_percent numeric(5,2) NOT NULL DEFAULT 0,
    hold_duration_days integer NOT NULL DEFAULT 7,
    effective_from timestamptz NOT NULL,
    effective_until timestamptz,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE asset_media (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES products ON DELETE CASCADE,
    version varchar(20) NOT NULL,
    url varchar(1000) NOT NULL,
    media_type media_type NOT NULL,
    duration_sec integer,
    file_size integer,
    width integer,
    height integer,
    position integer NOT NULL DEFAULT 0,
    is_current boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE asset_thumbnails (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES products ON DELETE CASCADE,
    version varchar(20) NOT NULL,
    url varchar(1000) NOT NULL,
    width integer,
    height integer,
    position integer NOT NULL DEFAULT 0,
    is_current boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE asset_adtexts (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES products ON DELETE CASCADE,
    version varchar(20) NOT NULL,
    primary_text text NOT NULL,
    headline varchar(500) NOT NULL,
    description text,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Creatives -----------------------------------------------------------------------------

CREATE TABLE assets (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_seller_id uuid REFERENCES sellers ON DELETE CASCADE,
    source_type asset_source_type NOT NULL,
    ingestion_id varchar(255),
    media_type media_type NOT NULL,
    url varchar(1000) NOT NULL,
    storage_key varchar(500),
    mime_type varchar(100),
    file_size_bytes bigint,
    duration_sec integer,
    width integer,
    height integer,
    checksum varchar(64),
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX assets_owner_seller_id_checksum_key
    ON assets (owner_seller_id, checksum) WHERE checksum IS NOT NULL;
CREATE UNIQUE INDEX assets_source_type_ingestion_id_key
    ON assets (source_type, ingestion_id) WHERE ingestion_id IS NOT NULL;

CREATE TABLE creatives (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    product_id uuid REFERENCES products ON DELETE SET NULL,
    name varchar(255) NOT NULL,
    status creative_status NOT NULL DEFAULT 'DRAFT',
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    creative_type creative_type NOT NULL DEFAULT 'VIDEO_AD'
);

CREATE TABLE creative_assets (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    creative_id uuid NOT NULL REFERENCES creatives ON DELETE CASCADE,
    asset_id uuid NOT NULL REFERENCES assets ON DELETE CASCADE,
    role creative_asset_role NOT NULL
);
CREATE UNIQUE INDEX creative_assets_creative_id_role_key
    ON creative_assets (creative_id, role) WHERE role <> 'EXTRA'::creative_asset_role;

-- Sellpages and orders ------------------------------------------------------------------

CREATE TABLE sellpages (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    product_id uuid NOT NULL REFERENCES products ON DELETE RESTRICT,
    domain_id uuid REFERENCES seller_domains ON DELETE SET NULL,
    slug varchar(100) NOT NULL,
    custom_domain varchar(255),
    sellpage_type sellpage_type NOT NULL DEFAULT 'SINGLE',
    status sellpage_status NOT NULL DEFAULT 'DRAFT',
    title_override varchar(255),
    description_override text,
    seo_title varchar(255),
    seo_description text,
    seo_og_image varchar(500),
    sections jsonb NOT NULL DEFAULT '[]',
    header_config jsonb NOT NULL DEFAULT '{}',
    footer_config jsonb NOT NULL DEFAULT '{}',
    boost_modules jsonb NOT NULL DEFAULT '[]',
    discount_rules jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX sellpages_seller_id_slug_key ON sellpages (seller_id, slug);

CREATE TABLE orders (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    sellpage_id uuid REFERENCES sellpages ON DELETE SET NULL,
    order_number varchar(50) NOT NULL,
    customer_email varchar(255) NOT NULL,
    customer_name varchar(255),
    customer_phone varchar(50),
    shipping_address jsonb NOT NULL DEFAULT '{}',
    subtotal numeric(10,2) NOT NULL DEFAULT 0,
    shipping_cost numeric(10,2) NOT NULL DEFAULT 0,
    tax_amount numeric(10,2) NOT NULL DEFAULT 0,
    discount_amount numeric(10,2) NOT NULL DEFAULT 0,
    total numeric(10,2) NOT NULL DEFAULT 0,
    currency varchar(3) NOT NULL DEFAULT 'USD',
    status order_status NOT NULL DEFAULT 'PENDING',
    payment_method varchar(50),
    payment_id varchar(255),
    paid_at timestamptz,
    tracking_number varchar(255),
    tracking_url varchar(1000),
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX orders_seller_id_order_number_key ON orders (seller_id, order_number);

CREATE TABLE order_items (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders ON DELETE CASCADE,
    product_id uuid REFERENCES products ON DELETE SET NULL,
    variant_id uuid REFERENCES product_variants ON DELETE SET NULL,
    product_name varchar(255) NOT NULL,
    variant_name varchar(255),
    sku varchar(100),
    quantity integer NOT NULL DEFAULT 1,
    unit_price numeric(10,2) NOT NULL,
    line_total numeric(10,2) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE order_events (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders ON DELETE CASCADE,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    event_type order_event_type NOT NULL,
    description varchar(500),
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid
);

-- Advertising ---------------------------------------------------------------------------

CREATE TABLE fb_connections (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    connection_type fb_connection_type NOT NULL,
    external_id varchar(255) NOT NULL,
    name varchar(255) NOT NULL,
    access_token_enc text,
    parent_id uuid REFERENCES fb_connections ON DELETE SET NULL,
    is_primary boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX fb_connections_seller_id_connection_type_external_id_key
    ON fb_connections (seller_id, connection_type, external_id);

CREATE TABLE ad_strategies (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    config jsonb NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE campaigns (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    sellpage_id uuid NOT NULL REFERENCES sellpages ON DELETE RESTRICT,
    ad_account_id uuid NOT NULL REFERENCES fb_connections ON DELETE RESTRICT,
    ad_strategy_id uuid REFERENCES ad_strategies ON DELETE SET NULL,
    external_campaign_id varchar(255),
    name varchar(255) NOT NULL,
    budget numeric(10,2) NOT NULL,
    budget_type budget_type NOT NULL DEFAULT 'DAILY',
    status campaign_status NOT NULL DEFAULT 'ACTIVE',
    delivery_status varchar(50),
    start_date date,
    end_date date,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE campaign_creatives (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    campaign_id uuid NOT NULL REFERENCES campaigns ON DELETE CASCADE,
    creative_id uuid NOT NULL REFERENCES creatives ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE adsets (
    id uuid PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES campaigns ON DELETE CASCADE,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    external_adset_id varchar(255),
    name varchar(255) NOT NULL,
    status campaign_status NOT NULL DEFAULT 'ACTIVE',
    delivery_status varchar(50),
    optimization_goal varchar(100),
    targeting jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ads (
    id uuid PRIMARY KEY,
    adset_id uuid NOT NULL REFERENCES adsets ON DELETE CASCADE,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    external_ad_id varchar(255),
    name varchar(255) NOT NULL,
    status campaign_status NOT NULL DEFAULT 'ACTIVE',
    delivery_status varchar(50),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ad_posts (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    ad_id uuid NOT NULL REFERENCES ads ON DELETE CASCADE,
    fb_connection_id uuid NOT NULL REFERENCES fb_connections ON DELETE RESTRICT,
    post_source post_source NOT NULL,
    external_post_id varchar(255),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Statistics: entity_id has no foreign key, it points to one of three tables -------------

CREATE TABLE ad_stats_daily (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    entity_type stats_entity_type NOT NULL,
    entity_id uuid NOT NULL,
    stat_date date NOT NULL,
    spend numeric(10,2) NOT NULL DEFAULT 0,
    impressions integer NOT NULL DEFAULT 0,
    cpm numeric(10,4) NOT NULL DEFAULT 0,
    ctr numeric(8,4) NOT NULL DEFAULT 0,
    cpc numeric(10,4) NOT NULL DEFAULT 0,
    link_clicks integer NOT NULL DEFAULT 0,
    content_views integer NOT NULL DEFAULT 0,
    add_to_cart integer NOT NULL DEFAULT 0,
    checkout_initiated integer NOT NULL DEFAULT 0,
    purchases integer NOT NULL DEFAULT 0,
    purchase_value numeric(10,2) NOT NULL DEFAULT 0,
    cost_per_purchase numeric(10,2) NOT NULL DEFAULT 0,
    roas numeric(8,4) NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX ad_stats_daily_seller_id_entity_type_entity_id_stat_date_key
    ON ad_stats_daily (seller_id, entity_type, entity_id, stat_date);

CREATE TABLE ad_stats_raw (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    entity_type stats_entity_type NOT NULL,
    entity_id uuid NOT NULL,
    external_entity_id varchar(255) NOT NULL,
    fetched_at timestamptz NOT NULL,
    date_start date NOT NULL,
    date_stop date NOT NULL,
    spend numeric(10,2) NOT NULL DEFAULT 0,
    impressions integer NOT NULL DEFAULT 0,
    cpm numeric(10,4) NOT NULL DEFAULT 0,
    ctr numeric(8,4) NOT NULL DEFAULT 0,
    cpc numeric(10,4) NOT NULL DEFAULT 0,
    link_clicks integer NOT NULL DEFAULT 0,
    content_views integer NOT NULL DEFAULT 0,
    add_to_cart integer NOT NULL DEFAULT 0,
    checkout_initiated integer NOT NULL DEFAULT 0,
    purchases integer NOT NULL DEFAULT 0,
    purchase_value numeric(10,2) NOT NULL DEFAULT 0,
    cost_per_purchase numeric(10,2) NOT NULL DEFAULT 0,
    roas numeric(8,4) NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sellpage_stats_daily (
    id uuid PRIMARY KEY,
    seller_id uuid NOT NULL REFERENCES sellers ON DELETE CASCADE,
    sellpage_id uuid NOT NULL REFERENCES sellpages ON DELETE CASCADE,
    stat_date date NOT NULL,
    ad_source varchar(50) NOT NULL,
    revenue numeric(10,2) NOT NULL DEFAULT 0,
    orders_count integer NOT NULL DEFAULT 0,
    ad_spend numeric(10,2) NOT NULL DEFAULT 0,
    roas numeric(8,4) NOT NULL DEFAULT 0,
    cpm numeric(10,4) NOT NULL DEFAULT 0,
    ctr numeric(8,4) NOT NULL DEFAULT 0,
    link_clicks integer NOT NULL DEFAULT 0,
    content_views integer NOT NULL DEFAULT 0,
    add_to_cart integer NOT NULL DEFAULT 0,
    checkout_initiated integer NOT NULL DEFAULT 0,
    purchases integer NOT NULL DEFAULT 0,
    cost_per_purchase numeric(10,2) NOT NULL DEFAULT 0,
    cr1 numeric(8,4) NOT NULL DEFAULT 0,
    cr2 numeric(8,4) NOT NULL DEFAULT 0,
    cr3 numeric(8,4) NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX sellpage_stats_daily_seller_sellpage_date_source_key
    ON sellpage_stats_daily (seller_id, sellpage_id, stat_date, ad_source);

-- Platform rows ---------------------------------------------------------------------------
-- As the application's migrations and its main seed leave them, with every id and time fixed,
-- so that all embedded databases are equal. Nobody can log in: there is no password.

INSERT INTO product_labels
    (id, name, slug, created_at)
VALUES
    ('00000000-0000-0000-0000-000000000011', 'Bestseller', 'bestseller', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000012', 'New arrival', 'new-arrival',
     '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000013', 'Trending', 'trending', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000014', 'Limited edition', 'limited-edition',
     '2026-01-01 00:00:00+00');

INSERT INTO products
    (id, product_code, sku, name, slug, base_price, compare_at_price, cost_price, status,
     description, description_blocks, shipping_info, tags, created_at, updated_at)
VALUES
    ('00000000-0000-0000-0000-000000000001', 'MOUSE-001', 'MOUSE-001', 'Quiet Wireless Mouse',
     'quiet-wireless-mouse', 29.99, 39.99, 11.50, 'ACTIVE',
     'A light mouse with soft clicks and a battery that lasts a season.',
     '[{"type": "list", "items": ["Soft clicks", "USB-C charging", "Two devices"]}]',
     '{"weight_g": 85, "days_min": 3, "days_max": 7}', '["mouse", "wireless"]',
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000002', 'STAND-001', 'STAND-001', 'Folding Laptop Stand',
     'folding-laptop-stand', 34.99, 49.99, 13.20, 'ACTIVE',
     'An aluminium stand that folds flat and lifts the screen to eye level.',
     '[{"type": "list", "items": ["Six heights", "Folds flat", "Up to 16 inches"]}]',
     '{"weight_g": 240, "days_min": 3, "days_max": 7}', '["stand", "office"]',
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000003', 'DESKPAD-001', 'DESKPAD-001', 'Felt Desk Pad XL',
     'felt-desk-pad-xl', 24.99, NULL, 8.40, 'ACTIVE',
     'A wide felt pad that keeps the desk quiet and the mouse precise.',
     '[{"type": "list", "items": ["90 x 40 cm", "Stays in place", "Washable"]}]',
     '{"weight_g": 410, "days_min": 3, "days_max": 7}', '["desk pad", "office"]',
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00');

INSERT INTO product_variants
    (id, product_id, name, sku, price_override, options, stock_quantity, position,
     created_at, updated_at)
VALUES
    ('00000000-0000-0000-0000-000000000101', '00000000-0000-0000-0000-000000000001', 'Black',
     'MOUSE-001-BLK', NULL, '{"color": "black"}', 250, 0, '2026-01-01 00:00:00+00',
     '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000102', '00000000-0000-0000-0000-000000000001', 'White',
     'MOUSE-001-WHT', NULL, '{"color": "white"}', 180, 1, '2026-01-01 00:00:00+00',
     '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000103', '00000000-0000-0000-0000-000000000001', 'Rose Gold',
     'MOUSE-001-RSG', 32.99, '{"color": "rose gold"}', 90, 2, '2026-01-01 00:00:00+00',
     '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000111', '00000000-0000-0000-0000-000000000002', 'Silver',
     'STAND-001-SLV', NULL, '{"color": "silver"}', 140, 0, '2026-01-01 00:00:00+00',
     '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000112', '00000000-0000-0000-0000-000000000002', 'Space Gray',
     'STAND-001-SPG', 37.99, '{"color": "space gray"}', 110, 1, '2026-01-01 00:00:00+00',
     '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000121', '00000000-0000-0000-0000-000000000003', 'Black XL',
     'DESKPAD-001-BLK-XL', NULL, '{"color": "black", "size": "XL"}', 200, 0,
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000122', '00000000-0000-0000-0000-000000000003', 'Grey XL',
     'DESKPAD-001-GRY-XL', NULL, '{"color": "grey", "size": "XL"}', 160, 1,
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000123', '00000000-0000-0000-0000-000000000003', 'Pink XL',
     'DESKPAD-001-PNK-XL', 26.99, '{"color": "pink", "size": "XL"}', 75, 2,
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00');

INSERT INTO product_product_labels
    (product_id, label_id)
VALUES
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000011'),
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000013'),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000012'),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000013'),
    ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000012'),
    ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000014');

INSERT INTO pricing_rules
    (id, product_id, suggested_retail, seller_take_percent, seller_take_fixed, hold_percent,
     hold_duration_days, effective_from, created_at)
VALUES
    ('00000000-0000-0000-0000-000000000201', '00000000-0000-0000-0000-000000000001', 49.99, 40.00,
     NULL, 10.00, 7, '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000202', '00000000-0000-0000-0000-000000000002', 54.99, 0.00,
     15.00, 10.00, 7, '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000203', '00000000-0000-0000-0000-000000000003', 39.99, 35.00,
     NULL, 10.00, 7, '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00');

INSERT INTO asset_media
    (id, product_id, version, url, media_type, duration_sec, file_size, width, height,
     position, is_current, created_at)
VALUES
    ('00000000-0000-0000-0000-000000000301', '00000000-0000-0000-0000-000000000001', 'v1',
     'https://cdn.example/products/mouse-001/demo.mp4', 'VIDEO', 24, 6291456, 1080, 1920, 0, true,
     '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000302', '00000000-0000-0000-0000-000000000001', 'v1',
     'https://cdn.example/products/mouse-001/desk.jpg', 'IMAGE', NULL, 348160, 1600, 1600, 1,
     false, '2026-01-01 00:00:00+00');

INSERT INTO asset_thumbnails
    (id, product_id, version, url, width, height, position, is_current, created_at)
VALUES
    ('00000000-0000-0000-0000-000000000401', '00000000-0000-0000-0000-000000000001', 'v1',
     'https://cdn.example/products/mouse-001/thumb-1.jpg', 1200, 628, 0, true,
     '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000402', '00000000-0000-0000-0000-000000000001', 'v2',
     'https://cdn.example/products/mouse-001/thumb-2.jpg', 1200, 628, 1, false,
     '2026-01-01 00:00:00+00');

INSERT INTO asset_adtexts
    (id, product_id, version, primary_text, headline, description, created_at)
VALUES
    ('00000000-0000-0000-0000-000000000501', '00000000-0000-0000-0000-000000000001', 'v1',
     'Your colleagues hear you think, not click.', 'A mouse that keeps quiet',
     'Charges in an hour.', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000000502', '00000000-0000-0000-0000-000000000001', 'v2',
     'One mouse for the laptop and the tablet beside it.', 'Two devices, one mouse',
     'Ships within a day.', '2026-01-01 00:00:00+00');

INSERT INTO users
    (id, email, display_name, created_at, updated_at)
VALUES
    ('00000000-0000-0000-0000-000000001001', 'seed-seller@shop-portal.example', 'Seed Seller',
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00');

INSERT INTO sellers
    (id, name, slug, logo_url, created_at, updated_at)
VALUES
    ('00000000-0000-0000-0000-000000001002', 'Seed Store', 'seed-store',
     'https://cdn.example/sellers/seed-store/logo.png', '2026-01-01 00:00:00+00',
     '2026-01-01 00:00:00+00');

INSERT INTO seller_users
    (id, seller_id, user_id, role, created_at, updated_at)
VALUES
    ('00000000-0000-0000-0000-000000001003', '00000000-0000-0000-0000-000000001002',
     '00000000-0000-0000-0000-000000001001', 'OWNER', '2026-01-01 00:00:00+00',
     '2026-01-01 00:00:00+00');

INSERT INTO seller_settings
    (id, seller_id, brand_name, support_email, created_at, updated_at)
VALUES
    ('00000000-0000-0000-0000-000000001004', '00000000-0000-0000-0000-000000001002', 'Seed Store',
     'support@seed-store.example', '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00');

INSERT INTO seller_domains
    (id, seller_id, hostname, verification_method, verification_token, status, is_primary,
     verified_at, created_at, updated_at)
VALUES
    ('00000000-0000-0000-0000-000000003001', '00000000-0000-0000-0000-000000001002',
     'shop.seed-store.example', 'TXT', 'verify-seed-store-3001', 'VERIFIED', true,
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000003002', '00000000-0000-0000-0000-000000001002',
     'deals.seed-store.example', 'A_RECORD', 'verify-seed-store-3002', 'PENDING', false, NULL,
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00');

INSERT INTO sellpages
    (id, seller_id, product_id, domain_id, slug, status, title_override,
     description_override, created_at, updated_at)
VALUES
    ('00000000-0000-0000-0000-000000002001', '00000000-0000-0000-0000-000000001002',
     '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000003001',
     'quiet-mouse', 'PUBLISHED', 'The mouse nobody hears', 'Soft clicks for shared rooms.',
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000002002', '00000000-0000-0000-0000-000000001002',
     '00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000003001',
     'laptop-stand', 'PUBLISHED', 'Look straight ahead', NULL, '2026-01-01 00:00:00+00',
     '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000002003', '00000000-0000-0000-0000-000000001002',
     '00000000-0000-0000-0000-000000000003', NULL, 'desk-pad', 'DRAFT', NULL, NULL,
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00');

INSERT INTO assets
    (id, owner_seller_id, source_type, ingestion_id, media_type, url, storage_key,
     mime_type, file_size_bytes, duration_sec, width, height, checksum, metadata,
     created_at, updated_at)
VALUES
    ('00000000-0000-0000-0000-000000004001', '00000000-0000-0000-0000-000000001002',
     'USER_UPLOAD', NULL, 'VIDEO', 'https://cdn.example/assets/4001.mp4', 'assets/4001.mp4',
     'video/mp4', 5242880, 18, 1080, 1920,
     '4001400140014001400140014001400140014001400140014001400140014001', '{}',
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000004002', '00000000-0000-0000-0000-000000001002',
     'USER_UPLOAD', NULL, 'IMAGE', 'https://cdn.example/assets/4002.jpg', 'assets/4002.jpg',
     'image/jpeg', 262144, NULL, 1200, 628,
     '4002400240024002400240024002400240024002400240024002400240024002', '{}',
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000004003', '00000000-0000-0000-0000-000000001002', 'SYSTEM',
     NULL, 'TEXT', 'https://cdn.example/assets/4003.txt', 'assets/4003.txt', 'text/plain', 512,
     NULL, NULL, NULL, NULL, '{"text": "Hear the music, not the mouse."}',
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00'),
    ('00000000-0000-0000-0000-000000004004', NULL, 'PIXCON', 'pixcon-4004', 'IMAGE',
     'https://cdn.example/assets/4004.jpg', 'assets/4004.jpg', 'image/jpeg', 196608, NULL, 1080,
     1080, '4004400440044004400440044004400440044004400440044004400440044004', '{}',
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00');

INSERT INTO creatives
    (id, seller_id, product_id, name, status, creative_type, created_at, updated_at)
VALUES
    ('00000000-0000-0000-0000-000000005001', '00000000-0000-0000-0000-000000001002',
     '00000000-0000-0000-0000-000000000001', 'Quiet mouse, first video', 'READY', 'VIDEO_AD',
     '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00');

INSERT INTO creative_assets
    (id, creative_id, asset_id, role)
VALUES
    ('00000000-0000-0000-0000-000000005101', '00000000-0000-0000-0000-000000005001',
     '00000000-0000-0000-0000-000000004001', 'PRIMARY_VIDEO'),
    ('00000000-0000-0000-0000-000000005102', '00000000-0000-0000-0000-000000005001',
     '00000000-0000-0000-0000-000000004002', 'THUMBNAIL'),
    ('00000000-0000-0000-0000-000000005103', '00000000-0000-0000-0000-000000005001',
     '00000000-0000-0000-0000-000000004003', 'PRIMARY_TEXT');
