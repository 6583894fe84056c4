-- The services marketplace's own schema, for the embedded database only: no row of its own.
-- Anywhere else the application's migrations have made it, and seeding reads it.
-- Names are case-sensitive. Core functions only: no extension, no trigger, no check.

-- Types ---------------------------------------------------------------------------------

CREATE TYPE "Category" AS ENUM
    ('PLUMBING', 'PAINTING', 'CLEANING', 'CARPENTRY', 'WELDING', 'ELECTRICAL', 'HVAC',
     'LANDSCAPING', 'MOVING', 'CAR_WASHING', 'DIGITAL_DESIGN', 'DIGITAL_WRITING', 'OTHER');
CREATE TYPE "OrderStatus" AS ENUM
    ('PENDING', 'ACCEPTED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED');

-- People --------------------------------------------------------------------------------

CREATE TABLE "User" (
    "id" text NOT NULL,
    "name" text,
    "email" text NOT NULL,
    "emailVerified" timestamp(3),
    "image" text,
    "hashedPassword" text,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL,
    "username" text,
    "displayName" text,
    "bio" text,
    "avatarUrl" text,
    "isProvider" boolean NOT NULL DEFAULT false,
    "providerBio" text,
    "professionalSummary" text,
    "skills" text[] DEFAULT ARRAY[]::text[],
    "yearsOfExperience" integer,
    "certifications" text[] DEFAULT ARRAY[]::text[],
    "averageRating" double precision NOT NULL DEFAULT 0.0,
    "totalReviews" integer NOT NULL DEFAULT 0,
    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "User_email_key" ON "User" ("email");
CREATE UNIQUE INDEX "User_username_key" ON "User" ("username");

CREATE TABLE "Account" (
    "id" text NOT NULL,
    "userId" text NOT NULL,
    "type" text NOT NULL,
    "provider" text NOT NULL,
    "providerAccountId" text NOT NULL,
    "refresh_token" text,
    "access_token" text,
    "expires_at" integer,
    "token_type" text,
    "scope" text,
    "id_token" text,
    "session_state" text,
    CONSTRAINT "Account_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "Account_provider_providerAccountId_key"
    ON "Account" ("provider", "providerAccountId");

CREATE TABLE "Session" (
    "id" text NOT NULL,
    "sessionToken" text NOT NULL,
    "userId" text NOT NULL,
    "expires" timestamp(3) NOT NULL,
    CONSTRAINT "Session_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "Session_sessionToken_key" ON "Session" ("sessionToken");

CREATE TABLE "VerificationToken" (
    "identifier" text NOT NULL,
    "token" text NOT NULL,
    "expires" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "VerificationToken_identifier_token_key"
    ON "VerificationToken" ("identifier", "token");
CREATE UNIQUE INDEX "VerificationToken_token_key" ON "VerificationToken" ("token");

CREATE TABLE "PortfolioImage" (
    "id" text NOT NULL,
    "userId" text NOT NULL,
    "imageUrl" text NOT NULL,
    "caption" text,
    "order" integer NOT NULL DEFAULT 0,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "PortfolioImage_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "PortfolioImage_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE
);

-- Offers and orders ---------------------------------------------------------------------

CREATE TABLE "Gig" (
    "id" text NOT NULL,
    "slug" text NOT NULL,
    "title" text NOT NULL,
    "description" text NOT NULL,
    "category" "Category" NOT NULL,
    "images" text[] DEFAULT ARRAY[]::text[],
    "pricingTiers" jsonb NOT NULL,
    "providerId" text NOT NULL,
    "isActive" boolean NOT NULL DEFAULT true,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL,
    "averageRating" double precision NOT NULL DEFAULT 0.0,
    "totalReviews" integer NOT NULL DEFAULT 0,
    CONSTRAINT "Gig_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Gig_providerId_fkey" FOREIGN KEY ("providerId") REFERENCES "User" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "Gig_slug_key" ON "Gig" ("slug");

CREATE TABLE "Order" (
    "id" text NOT NULL,
    "buyerId" text NOT NULL,
    "providerId" text NOT NULL,
    "gigId" text NOT NULL,
    "selectedTier" text NOT NULL,
    "tierSnapshot" jsonb NOT NULL,
    "totalPrice" double precision NOT NULL,
    "deliveryNotes" text,
    "status" "OrderStatus" NOT NULL DEFAULT 'PENDING',
    "paymentConfirmed" boolean NOT NULL DEFAULT true,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "acceptedAt" timestamp(3),
    "startedAt" timestamp(3),
    "completedAt" timestamp(3),
    "cancelledAt" timestamp(3),
    "updatedAt" timestamp(3) NOT NULL,
    CONSTRAINT "Order_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Order_buyerId_fkey" FOREIGN KEY ("buyerId") REFERENCES "User" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Order_providerId_fkey" FOREIGN KEY ("providerId") REFERENCES "User" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Order_gigId_fkey" FOREIGN KEY ("gigId") REFERENCES "Gig" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "Review" (
    "id" text NOT NULL,
    "buyerId" text NOT NULL,
    "orderId" text NOT NULL,
    "providerId" text NOT NULL,
    "gigId" text NOT NULL,
    "rating" integer NOT NULL,
    "content" text,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL,
    CONSTRAINT "Review_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Review_buyerId_fkey" FOREIGN KEY ("buyerId") REFERENCES "User" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Review_orderId_fkey" FOREIGN KEY ("orderId") REFERENCES "Order" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Review_providerId_fkey" FOREIGN KEY ("providerId") REFERENCES "User" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Review_gigId_fkey" FOREIGN KEY ("gigId") REFERENCES "Gig" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "Review_buyerId_orderId_key" ON "Review" ("buyerId", "orderId");
CREATE UNIQUE INDEX "Review_orderId_key" ON "Review" ("orderId");

-- Conversations -------------------------------------------------------------------------

-- The participants are two user ids, sorted; no foreign key says so.
CREATE TABLE "Conversation" (
    "id" text NOT NULL,
    "participantIds" text[],
    "lastMessageAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Conversation_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "Message" (
    "id" text NOT NULL,
    "conversationId" text NOT NULL,
    "senderId" text NOT NULL,
    "content" text NOT NULL,
    "readAt" timestamp(3),
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Message_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Message_conversationId_fkey" FOREIGN KEY ("conversationId")
        REFERENCES "Conversation" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Message_senderId_fkey" FOREIGN KEY ("senderId") REFERENCES "User" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE
);
