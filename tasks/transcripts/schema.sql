-- The bookmark platform's own schema, for the embedded database only. Anywhere else the
-- application's migrations have made it.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email varchar(255) NOT NULL UNIQUE,
    name varchar(255),
    password text NOT NULL,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now()
);

CREATE TABLE shares (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    url text NOT NULL,
    platform varchar(50) NOT NULL,
    status varchar(50) NOT NULL DEFAULT 'pending',
    idempotency_key varchar(100) UNIQUE,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT idx_shares_url_user_id UNIQUE (url, user_id)
);
CREATE INDEX idx_shares_user_id ON shares (user_id);
CREATE INDEX idx_shares_status ON shares (status);

CREATE TABLE metadata (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    share_id uuid NOT NULL REFERENCES shares ON DELETE CASCADE,
    platform varchar(50) NOT NULL,
    author varchar(255),
    title text,
    description text,
    thumbnail_url text,
    platform_data jsonb,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX idx_metadata_share_id ON metadata (share_id);
CREATE INDEX idx_metadata_platform ON metadata (platform);

CREATE TABLE transcripts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    share_id uuid NOT NULL REFERENCES shares ON DELETE CASCADE,
    full_text text NOT NULL,
    segments jsonb,
    language text,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX idx_transcripts_share_id ON transcripts (share_id);

CREATE TABLE embeddings (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    share_id uuid NOT NULL REFERENCES shares ON DELETE CASCADE,
    embedding vector(1536) NOT NULL,
    dimensions integer NOT NULL DEFAULT 1536,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX idx_embeddings_share_id ON embeddings (share_id);
CREATE INDEX idx_embeddings_embedding ON embeddings
    USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 128);
