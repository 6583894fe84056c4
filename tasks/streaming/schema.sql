-- The micro-series platform's own schema, for the embedded database only, with the rows that its
-- migrations put there: five price tiers and the bucket for thumbnails. Anywhere else the
-- application's migrations have made it, and seeding reads it. Core functions only.

-- Roles of the platform: they belong to the server, so another database may have made them -----

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['anon', 'authenticated', 'service_role', 'authenticator',
                                'supabase_auth_admin', 'supabase_storage_admin'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    IF NOT (SELECT rolbypassrls FROM pg_roles WHERE rolname = 'service_role') THEN
        ALTER ROLE service_role BYPASSRLS;
    END IF;
END $$;

CREATE SCHEMA auth;
CREATE SCHEMA storage;
CREATE SCHEMA extensions;
GRANT USAGE ON SCHEMA public, auth, storage TO anon, authenticated, service_role;

CREATE TYPE genre AS ENUM ('drama', 'comedy', 'thriller', 'sci-fi', 'horror', 'romance', 'action',
    'documentary', 'behind-the-scenes', 'music', 'sports');
CREATE TYPE content_status AS ENUM ('draft', 'processing', 'ready', 'published', 'archived');

-- The auth server's tables ---------------------------------------------------------------------

CREATE TABLE auth.users (
    instance_id uuid,
    id uuid PRIMARY KEY,
    aud varchar(255),
    role varchar(255),
    email varchar(255),
    encrypted_password varchar(255),
    email_confirmed_at timestamptz,
    invited_at timestamptz,
    confirmation_token varchar(255),
    confirmation_sent_at timestamptz,
    recovery_token varchar(255),
    recovery_sent_at timestamptz,
    email_change_token_new varchar(255),
    email_change varchar(255),
    email_change_sent_at timestamptz,
    last_sign_in_at timestamptz,
    raw_app_meta_data jsonb,
    raw_user_meta_data jsonb,
    is_super_admin boolean,
    created_at timestamptz,
    updated_at timestamptz,
    phone text DEFAULT NULL UNIQUE,
    phone_confirmed_at timestamptz,
    phone_change text DEFAULT '',
    phone_change_token varchar(255) DEFAULT '',
    phone_change_sent_at timestamptz,
    confirmed_at timestamptz GENERATED ALWAYS AS (LEAST(email_confirmed_at, phone_confirmed_at))
        STORED,
    email_change_token_current varchar(255) DEFAULT '',
    email_change_confirm_status smallint DEFAULT 0
        CHECK (email_change_confirm_status >= 0 AND email_change_confirm_status <= 2),
    banned_until timestamptz,
    reauthentication_token varchar(255) DEFAULT '',
    reauthentication_sent_at timestamptz,
    is_sso_user boolean NOT NULL DEFAULT false,
    deleted_at timestamptz,
    is_anonymous boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX confirmation_token_idx ON auth.users (confirmation_token)
    WHERE confirmation_token::text !~ '^[0-9 ]*$';
CREATE UNIQUE INDEX email_change_token_current_idx ON auth.users (email_change_token_current)
    WHERE email_change_token_current::text !~ '^[0-9 ]*$';
CREATE UNIQUE INDEX email_change_token_new_idx ON auth.users (email_change_token_new)
    WHERE email_change_token_new::text !~ '^[0-9 ]*$';
CREATE UNIQUE INDEX reauthentication_token_idx ON auth.users (reauthentication_token)
    WHERE reauthentication_token::text !~ '^[0-9 ]*$';
CREATE UNIQUE INDEX recovery_token_idx ON auth.users (recovery_token)
    WHERE recovery_token::text !~ '^[0-9 ]*$';
CREATE UNIQUE INDEX users_email_partial_key ON auth.users (email) WHERE is_sso_user = false;

CREATE TABLE auth.identities (
    provider_id text NOT NULL,
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    identity_data jsonb NOT NULL,
    provider text NOT NULL,
    last_sign_in_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
    email text GENERATED ALWAYS AS (lower(identity_data ->> 'email')) STORED,
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    UNIQUE (provider_id, provider)
);
CREATE INDEX identities_user_id_idx ON auth.identities (user_id);

CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;

-- The storage server's tables ------------------------------------------------------------------

CREATE TYPE storage.buckettype AS ENUM ('STANDARD', 'ANALYTICS');

CREATE TABLE storage.buckets (
    id text PRIMARY KEY,
    name text NOT NULL UNIQUE,
    owner uuid,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    public boolean DEFAULT false,
    avif_autodetection boolean DEFAULT false,
    file_size_limit bigint,
    allowed_mime_types text[],
    owner_id text,
    type storage.buckettype NOT NULL DEFAULT 'STANDARD'
);

CREATE TABLE storage.objects (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    bucket_id text REFERENCES storage.buckets,
    name text,
    owner uuid,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    last_accessed_at timestamptz DEFAULT now(),
    metadata jsonb,
    path_tokens text[] GENERATED ALWAYS AS (string_to_array(name, '/')) STORED,
    version text,
    owner_id text,
    user_metadata jsonb
);
CREATE UNIQUE INDEX bucketid_objname ON storage.objects (bucket_id, name);

CREATE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE sql IMMUTABLE AS
    $$ SELECT (string_to_array(name, '/'))[1:cardinality(string_to_array(name, '/')) - 1] $$;

CREATE FUNCTION storage.enforce_bucket_name_length() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF length(NEW.name) > 100 THEN
        RAISE EXCEPTION 'bucket name is longer than 100 characters';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION storage.protect_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('storage.allow_delete_query', true), 'false') <> 'true' THEN
        RAISE EXCEPTION 'direct deletion from storage tables is not allowed'
            USING ERRCODE = '42501';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION storage.update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;

CREATE TRIGGER enforce_bucket_name_length BEFORE INSERT OR UPDATE OF name ON storage.buckets
    FOR EACH ROW EXECUTE FUNCTION storage.enforce_bucket_name_length();
CREATE TRIGGER protect_buckets_delete BEFORE DELETE ON storage.buckets
    FOR EACH STATEMENT EXECUTE FUNCTION storage.protect_delete();
CREATE TRIGGER protect_objects_delete BEFORE DELETE ON storage.objects
    FOR EACH STATEMENT EXECUTE FUNCTION storage.protect_delete();
CREATE TRIGGER update_objects_updated_at BEFORE UPDATE ON storage.objects
    FOR EACH ROW EXECUTE FUNCTION storage.update_updated_at_column();

-- The platform's tables ------------------------------------------------------------------------

CREATE TABLE profiles (
    id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE,
    username text UNIQUE,
    display_name text,
    avatar_url text,
    role text NOT NULL DEFAULT 'viewer' CHECK (role = ANY (ARRAY['viewer', 'creator', 'admin'])),
    bio text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    stripe_account_id text,
    stripe_onboarding_complete boolean NOT NULL DEFAULT false,
    social_links jsonb DEFAULT '{}',
    follower_count integer NOT NULL DEFAULT 0
);

CREATE TABLE price_tiers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    label text NOT NULL,
    price_cents integer NOT NULL CHECK (price_cents > 0),
    stripe_price_id text,
    sort_order integer NOT NULL DEFAULT 0,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE series (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug text NOT NULL UNIQUE,
    title text NOT NULL,
    description text,
    genre genre NOT NULL,
    thumbnail_url text,
    trailer_url text,
    creator_id uuid NOT NULL REFERENCES profiles,
    status content_status NOT NULL DEFAULT 'draft',
    is_featured boolean NOT NULL DEFAULT false,
    view_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    bundle_discount_percent integer DEFAULT 15 CHECK (bundle_discount_percent IS NULL
        OR (bundle_discount_percent >= 0 AND bundle_discount_percent <= 50)),
    featured_sort_order integer DEFAULT 0
);
CREATE INDEX series_creator_id_idx ON series (creator_id);

CREATE TABLE seasons (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    series_id uuid NOT NULL REFERENCES series ON DELETE CASCADE,
    season_number integer NOT NULL,
    title text,
    description text,
    price_cents integer CHECK (price_cents IS NULL OR price_cents > 0),
    status content_status NOT NULL DEFAULT 'draft',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    price_tier_id uuid REFERENCES price_tiers,
    release_strategy text NOT NULL DEFAULT 'all_at_once'
        CHECK (release_strategy = ANY (ARRAY['all_at_once', 'drip'])),
    drip_interval_days integer DEFAULT 7 CHECK (drip_interval_days IS NULL
        OR (drip_interval_days >= 1 AND drip_interval_days <= 30)),
    sort_order integer NOT NULL DEFAULT 0,
    UNIQUE (series_id, season_number)
);

CREATE TABLE episodes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    season_id uuid NOT NULL REFERENCES seasons ON DELETE CASCADE,
    episode_number integer NOT NULL,
    title text NOT NULL,
    description text,
    duration_seconds integer
        CHECK (duration_seconds IS NULL OR (duration_seconds >= 60 AND duration_seconds <= 180)),
    mux_asset_id text,
    mux_playback_id text,
    thumbnail_url text,
    subtitle_url text,
    status content_status NOT NULL DEFAULT 'draft',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    sort_order integer NOT NULL DEFAULT 0,
    content_warnings text,
    release_date timestamptz,
    UNIQUE (season_id, episode_number)
);

CREATE TABLE followers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    follower_id uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
    creator_id uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (follower_id, creator_id)
);
CREATE INDEX followers_creator_id_idx ON followers (creator_id);

CREATE TABLE editorial_picks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    series_id uuid NOT NULL REFERENCES series ON DELETE CASCADE,
    section text NOT NULL DEFAULT 'featured' CHECK (section = ANY
        (ARRAY['featured', 'trending', 'new_releases', 'staff_picks'])),
    sort_order integer NOT NULL DEFAULT 0,
    added_by uuid REFERENCES profiles,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (series_id, section)
);

CREATE TABLE community_posts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    series_id uuid NOT NULL REFERENCES series ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES profiles,
    content text NOT NULL CHECK (char_length(content) <= 1000),
    post_type text NOT NULL DEFAULT 'discussion'
        CHECK (post_type = ANY (ARRAY['discussion', 'poll', 'announcement'])),
    poll_options jsonb,
    is_pinned boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX community_posts_series_id_idx ON community_posts (series_id);

CREATE TABLE poll_votes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    post_id uuid NOT NULL REFERENCES community_posts ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES profiles,
    option_index integer NOT NULL CHECK (option_index >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (post_id, user_id)
);

CREATE TABLE purchases (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES profiles,
    season_id uuid NOT NULL REFERENCES seasons,
    creator_id uuid NOT NULL REFERENCES profiles,
    stripe_session_id text NOT NULL UNIQUE,
    stripe_payment_intent_id text,
    stripe_charge_id text,
    amount_cents integer NOT NULL,
    platform_fee_cents integer NOT NULL,
    creator_share_cents integer NOT NULL,
    status text NOT NULL DEFAULT 'completed'
        CHECK (status = ANY (ARRAY['completed', 'refunded'])),
    transferred boolean NOT NULL DEFAULT false,
    stripe_transfer_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, season_id)
);

CREATE TABLE payout_records (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    creator_id uuid NOT NULL REFERENCES profiles,
    purchase_id uuid NOT NULL REFERENCES purchases,
    stripe_transfer_id text NOT NULL,
    amount_cents integer NOT NULL,
    status text NOT NULL DEFAULT 'completed' CHECK (status = ANY (ARRAY['completed', 'failed'])),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE creator_applications (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL UNIQUE REFERENCES profiles,
    display_name text NOT NULL,
    bio text NOT NULL,
    portfolio_url text,
    portfolio_description text NOT NULL,
    sample_video_urls text[] DEFAULT '{}',
    social_links jsonb DEFAULT '{}',
    status text NOT NULL DEFAULT 'pending'
        CHECK (status = ANY (ARRAY['pending', 'approved', 'rejected'])),
    reviewer_notes text,
    reviewed_at timestamptz,
    reviewed_by uuid REFERENCES profiles,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE waitlist (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    source text NOT NULL DEFAULT 'creator_landing',
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Triggers -------------------------------------------------------------------------------------

CREATE FUNCTION handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public AS $$
BEGIN
    INSERT INTO profiles (id, display_name) VALUES
        (NEW.id, NEW.raw_user_meta_data ->> 'display_name');
    RETURN NEW;
END $$;

CREATE FUNCTION update_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;

CREATE FUNCTION check_season_episode_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found integer;
BEGIN
    SELECT count(*) INTO found FROM episodes
    WHERE season_id = NEW.id AND status = 'published';
    IF found < 8 OR found > 70 THEN
        RAISE EXCEPTION 'Published seasons must have 8-70 published episodes (found %)', found;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION update_follower_count() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE profiles SET follower_count = follower_count + 1 WHERE id = NEW.creator_id;
        RETURN NEW;
    END IF;
    UPDATE profiles SET follower_count = follower_count - 1 WHERE id = OLD.creator_id;
    RETURN OLD;
END $$;

CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users
    FOR EACH ROW EXECUTE FUNCTION handle_new_user();
CREATE TRIGGER check_published_episodes BEFORE UPDATE ON seasons
    FOR EACH ROW WHEN (NEW.status = 'published') EXECUTE FUNCTION check_season_episode_count();
CREATE TRIGGER count_new_follower AFTER INSERT ON followers
    FOR EACH ROW EXECUTE FUNCTION update_follower_count();
CREATE TRIGGER count_lost_follower AFTER DELETE ON followers
    FOR EACH ROW EXECUTE FUNCTION update_follower_count();
CREATE TRIGGER stamp_profiles BEFORE UPDATE ON profiles
    FOR EACH ROW EXECUTE FUNCTION update_updated_at();
CREATE TRIGGER stamp_series BEFORE UPDATE ON series
    FOR EACH ROW EXECUTE FUNCTION update_updated_at();
CREATE TRIGGER stamp_seasons BEFORE UPDATE ON seasons
    FOR EACH ROW EXECUTE FUNCTION update_updated_at();
CREATE TRIGGER stamp_episodes BEFORE UPDATE ON episodes
    FOR EACH ROW EXECUTE FUNCTION update_updated_at();
CREATE TRIGGER stamp_community_posts BEFORE UPDATE ON community_posts
    FOR EACH ROW EXECUTE FUNCTION update_updated_at();
CREATE TRIGGER stamp_creator_applications BEFORE UPDATE ON creator_applications
    FOR EACH ROW EXECUTE FUNCTION update_updated_at();

-- Row security: who reads and writes through the platform's API. At this state the policies for
-- administrators ask the table that they protect, so that only a role which bypasses row
-- security, or the owner, gets an answer. --------------------------------------------------------

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['profiles', 'series', 'seasons', 'episodes', 'followers',
        'editorial_picks', 'community_posts', 'poll_votes', 'purchases', 'payout_records',
        'price_tiers', 'creator_applications', 'waitlist'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO anon, authenticated, '
                       'service_role', name);
        EXECUTE format(
            'CREATE POLICY %I ON %I FOR ALL USING (EXISTS (SELECT FROM profiles p '
            'WHERE p.id = auth.uid() AND p.role = ''admin''))', 'admins manage ' || name, name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['auth.users', 'auth.identities', 'storage.buckets',
        'storage.objects'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;

CREATE POLICY "profiles are public" ON profiles FOR SELECT USING (true);
CREATE POLICY "people keep their profile" ON profiles FOR UPDATE USING (id = auth.uid());
CREATE POLICY "published series are public" ON series FOR SELECT
    USING (status = 'published' OR creator_id = auth.uid());
CREATE POLICY "creators keep their series" ON series FOR ALL USING (creator_id = auth.uid());
CREATE POLICY "published seasons are public" ON seasons FOR SELECT USING (status = 'published');
CREATE POLICY "published episodes are public" ON episodes FOR SELECT USING (status = 'published');
CREATE POLICY "followers are public" ON followers FOR SELECT USING (true);
CREATE POLICY "people follow for themselves" ON followers FOR ALL USING (follower_id = auth.uid());
CREATE POLICY "picks are public" ON editorial_picks FOR SELECT USING (true);
CREATE POLICY "posts are public" ON community_posts FOR SELECT USING (true);
CREATE POLICY "people keep their posts" ON community_posts FOR ALL USING (author_id = auth.uid());
CREATE POLICY "people vote for themselves" ON poll_votes FOR ALL USING (user_id = auth.uid());
CREATE POLICY "people see their purchases" ON purchases FOR SELECT USING (user_id = auth.uid());
CREATE POLICY "creators see their payouts" ON payout_records FOR SELECT
    USING (creator_id = auth.uid());
CREATE POLICY "price tiers are public" ON price_tiers FOR SELECT USING (is_active);
CREATE POLICY "people apply for themselves" ON creator_applications FOR ALL
    USING (user_id = auth.uid());
CREATE POLICY "anybody joins the waitlist" ON waitlist FOR INSERT WITH CHECK (true);

-- Rows of the migrations -----------------------------------------------------------------------

INSERT INTO price_tiers (label, price_cents, sort_order) VALUES
    ('Budget', 299, 1), ('Standard', 499, 2), ('Premium', 799, 3), ('Deluxe', 999, 4),
    ('Blockbuster', 1499, 5);
INSERT INTO storage.buckets (id, name, public) VALUES ('thumbnails', 'thumbnails', true);
