-- The therapy platform's later schema, as statements that change the first one into it.
-- Known: what became of "PreAssessment", "PaymentMethodType" and "Client", and that nine tables
-- came and none went. Assumed: the nine tables' names, columns and keys (known are only their
-- subjects), that the new columns without a known default are nullable, that "sessionId" is no
-- foreign key, and that "answers" and the foreign key of "clientId" stayed as they were.

-- Known ---------------------------------------------------------------------------------

CREATE TYPE "AssessmentMethod" AS ENUM ('CHECKLIST', 'CHATBOT', 'HYBRID');

DROP INDEX "PreAssessment_clientId_key";
ALTER TABLE "PreAssessment"
    ALTER COLUMN "clientId" DROP NOT NULL,
    DROP COLUMN "scores",
    DROP COLUMN "severityLevels",
    DROP COLUMN "aiEstimate",
    DROP COLUMN "isProcessed",
    DROP COLUMN "processedAt",
    ADD COLUMN "method" "AssessmentMethod" NOT NULL DEFAULT 'CHECKLIST',
    ADD COLUMN "data" jsonb,
    ADD COLUMN "context" jsonb,
    ADD COLUMN "sessionId" text;
CREATE UNIQUE INDEX "PreAssessment_sessionId_key" ON "PreAssessment" ("sessionId");

ALTER TYPE "PaymentMethodType" ADD VALUE 'INSURANCE';

ALTER TABLE "Client"
    ADD COLUMN "birthdate" timestamp(3),
    ADD COLUMN "city" text,
    ADD COLUMN "country" text;

-- Assumed -------------------------------------------------------------------------------

CREATE TABLE "GroupSession" (
    "id" text PRIMARY KEY,
    "communityId" text NOT NULL REFERENCES "Community" ON DELETE CASCADE ON UPDATE CASCADE,
    "therapistId" text NOT NULL REFERENCES "Therapist" ON DELETE CASCADE ON UPDATE CASCADE,
    "title" text NOT NULL,
    "startTime" timestamp(3) NOT NULL,
    "duration" integer NOT NULL DEFAULT 60,
    "maxParticipants" integer NOT NULL DEFAULT 10,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "GroupSessionParticipant" (
    "id" text PRIMARY KEY,
    "sessionId" text NOT NULL REFERENCES "GroupSession" ON DELETE CASCADE ON UPDATE CASCADE,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "joinedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "GroupSessionParticipant_sessionId_userId_key"
    ON "GroupSessionParticipant" ("sessionId", "userId");

CREATE TABLE "JournalEntry" (
    "id" text PRIMARY KEY,
    "clientId" text NOT NULL REFERENCES "Client" ON DELETE CASCADE ON UPDATE CASCADE,
    "content" text NOT NULL,
    "mood" text,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "ClientPreference" (
    "id" text PRIMARY KEY,
    "clientId" text NOT NULL REFERENCES "Client" ON DELETE CASCADE ON UPDATE CASCADE,
    "key" text NOT NULL,
    "value" text NOT NULL,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "ClientPreference_clientId_key_key" ON "ClientPreference" ("clientId", "key");

CREATE TABLE "TherapistPreference" (
    "id" text PRIMARY KEY,
    "therapistId" text NOT NULL REFERENCES "Therapist" ON DELETE CASCADE ON UPDATE CASCADE,
    "key" text NOT NULL,
    "value" text NOT NULL,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "TherapistPreference_therapistId_key_key"
    ON "TherapistPreference" ("therapistId", "key");

CREATE TABLE "ClientEngagement" (
    "id" text PRIMARY KEY,
    "clientId" text NOT NULL REFERENCES "Client" ON DELETE CASCADE ON UPDATE CASCADE,
    "sessionCount" integer NOT NULL DEFAULT 0,
    "lastActiveAt" timestamp(3),
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "ClientEngagement_clientId_key" ON "ClientEngagement" ("clientId");

CREATE TABLE "TherapistPerformance" (
    "id" text PRIMARY KEY,
    "therapistId" text NOT NULL REFERENCES "Therapist" ON DELETE CASCADE ON UPDATE CASCADE,
    "averageRating" numeric(3,2),
    "completedMeetings" integer NOT NULL DEFAULT 0,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "TherapistPerformance_therapistId_key"
    ON "TherapistPerformance" ("therapistId");

CREATE TABLE "ChatbotSession" (
    "id" text PRIMARY KEY,
    "clientId" text REFERENCES "Client" ON DELETE SET NULL ON UPDATE CASCADE,
    "isComplete" boolean NOT NULL DEFAULT false,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "ChatbotMessage" (
    "id" text PRIMARY KEY,
    "sessionId" text NOT NULL REFERENCES "ChatbotSession" ON DELETE CASCADE ON UPDATE CASCADE,
    "role" text NOT NULL,
    "content" text NOT NULL,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
