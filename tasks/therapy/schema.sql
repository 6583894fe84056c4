-- The therapy platform's own schema, for the embedded database only: no row of its own.
-- Anywhere else the application's migrations have made it, and seeding reads it.
-- Names are case-sensitive. Core functions only: no extension, no trigger, no check.

-- Types ---------------------------------------------------------------------------------

CREATE TYPE "MeetingStatus" AS ENUM
    ('SCHEDULED', 'WAITING', 'CONFIRMED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED',
     'NO_SHOW');
CREATE TYPE "TherapistApplicationStatus" AS ENUM ('PENDING', 'APPROVED', 'REJECTED');
CREATE TYPE "WorksheetStatus" AS ENUM ('ASSIGNED', 'SUBMITTED', 'REVIEWED', 'OVERDUE');
CREATE TYPE "ReportStatus" AS ENUM ('PENDING', 'REVIEWED', 'DISMISSED');
CREATE TYPE "ConversationType" AS ENUM ('DIRECT', 'GROUP', 'SESSION', 'SUPPORT');
CREATE TYPE "ParticipantRole" AS ENUM ('MEMBER', 'MODERATOR', 'ADMIN');
CREATE TYPE "MessageType" AS ENUM ('TEXT', 'IMAGE', 'AUDIO', 'VIDEO', 'SYSTEM');
CREATE TYPE "NotificationPriority" AS ENUM ('LOW', 'NORMAL', 'HIGH', 'URGENT');
CREATE TYPE "NotificationType" AS ENUM
    ('APPOINTMENT_REMINDER', 'APPOINTMENT_CONFIRMED', 'APPOINTMENT_CANCELLED',
     'APPOINTMENT_RESCHEDULED', 'MESSAGE_RECEIVED', 'MESSAGE_REACTION',
     'WORKSHEET_ASSIGNED', 'WORKSHEET_DUE', 'WORKSHEET_FEEDBACK', 'REVIEW_REQUEST',
     'REVIEW_RECEIVED', 'THERAPIST_APPLICATION', 'THERAPIST_APPROVED',
     'THERAPIST_REJECTED', 'THERAPIST_STATUS_UPDATED', 'THERAPIST_REQUEST_ACCEPTED',
     'THERAPIST_REQUEST_DECLINED', 'ALTERNATIVE_RECOMMENDATIONS',
     'CLIENT_REQUEST_RECEIVED', 'CLIENT_REQUEST_CANCELLED', 'PROFILE_COMPLETION',
     'COMMUNITY_POST', 'COMMUNITY_REPLY', 'COMMUNITY_RECOMMENDATION', 'COMMUNITY_JOINED',
     'COMMUNITY_WELCOME', 'RECOMMENDATIONS_UPDATED', 'NEW_RECOMMENDATIONS',
     'RELATIONSHIP_ESTABLISHED', 'REQUEST_REMINDER', 'SYSTEM_MAINTENANCE',
     'SYSTEM_UPDATE', 'SECURITY_ALERT', 'SCHEDULING_INFO', 'PAYMENT_SUCCESS',
     'PAYMENT_FAILED', 'SUBSCRIPTION_EXPIRING', 'INCOMING_VIDEO_CALL',
     'VIDEO_CALL_MISSED', 'VIDEO_CALL_ENDED');
CREATE TYPE "PaymentStatus" AS ENUM ('PENDING', 'COMPLETED', 'FAILED', 'REFUNDED');
CREATE TYPE "PaymentMethodType" AS ENUM
    ('CARD', 'BANK_ACCOUNT', 'DIGITAL_WALLET', 'GCASH', 'MAYA');

-- People --------------------------------------------------------------------------------

CREATE TABLE "User" (
    "id" text PRIMARY KEY,
    "email" text NOT NULL,
    "firstName" text NOT NULL,
    "middleName" text,
    "lastName" text NOT NULL,
    "birthDate" timestamp(3),
    "address" text,
    "role" text NOT NULL DEFAULT 'client',
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL,
    "password" text,
    "emailVerified" boolean NOT NULL DEFAULT false,
    "emailVerifyToken" text,
    "emailVerifyTokenExp" timestamp(3),
    "resetToken" text,
    "resetTokenExpiry" timestamp(3),
    "isActive" boolean NOT NULL DEFAULT true,
    "failedLoginCount" integer NOT NULL DEFAULT 0,
    "avatarUrl" text,
    "coverImageUrl" text,
    "bio" text,
    "suspendedAt" timestamp(3),
    "suspendedBy" text,
    "suspensionReason" text,
    "deactivatedAt" timestamp(3),
    "deactivatedBy" text,
    "deactivationReason" text,
    "lastLoginAt" timestamp(3),
    "lockoutUntil" timestamp(3)
);
CREATE UNIQUE INDEX "User_emailVerifyToken_key" ON "User" ("emailVerifyToken");
CREATE UNIQUE INDEX "User_email_key" ON "User" ("email");
CREATE UNIQUE INDEX "User_id_key" ON "User" ("id");
CREATE UNIQUE INDEX "User_resetToken_key" ON "User" ("resetToken");

CREATE TABLE "Admin" (
    "userId" text PRIMARY KEY REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "permissions" text[],
    "adminLevel" text NOT NULL DEFAULT 'admin',
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "Admin_userId_key" ON "Admin" ("userId");

CREATE TABLE "Therapist" (
    "userId" text PRIMARY KEY REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "mobile" text NOT NULL,
    "province" text NOT NULL,
    "timezone" text NOT NULL DEFAULT 'UTC',
    "status" "TherapistApplicationStatus" NOT NULL DEFAULT 'PENDING',
    "submissionDate" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "processingDate" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "processedByAdminId" text REFERENCES "Admin" ON DELETE SET NULL ON UPDATE CASCADE,
    "providerType" text NOT NULL,
    "professionalLicenseType" text NOT NULL,
    "isPRCLicensed" text NOT NULL,
    "prcLicenseNumber" text NOT NULL,
    "expirationDateOfLicense" timestamp(3) NOT NULL,
    "practiceStartDate" timestamp(3) NOT NULL,
    "licenseVerified" boolean NOT NULL DEFAULT false,
    "licenseVerifiedAt" timestamp(3),
    "licenseVerifiedBy" text,
    "certifications" jsonb,
    "certificateUrls" text[] DEFAULT ARRAY[]::text[],
    "certificateNames" text[] DEFAULT ARRAY[]::text[],
    "licenseUrls" text[] DEFAULT ARRAY[]::text[],
    "licenseNames" text[] DEFAULT ARRAY[]::text[],
    "documentUrls" text[] DEFAULT ARRAY[]::text[],
    "documentNames" text[] DEFAULT ARRAY[]::text[],
    "yearsOfExperience" integer,
    "educationBackground" text,
    "specialCertifications" text[],
    "practiceLocation" text,
    "acceptsInsurance" boolean NOT NULL DEFAULT false,
    "acceptedInsuranceTypes" text[],
    "areasOfExpertise" text[],
    "assessmentTools" text[],
    "therapeuticApproachesUsedList" text[],
    "languagesOffered" text[],
    "providedOnlineTherapyBefore" boolean NOT NULL,
    "comfortableUsingVideoConferencing" boolean NOT NULL,
    "preferredSessionLength" integer[],
    "privateConfidentialSpace" text,
    "compliesWithDataPrivacyAct" boolean NOT NULL,
    "professionalLiabilityInsurance" text,
    "complaintsOrDisciplinaryActions" text,
    "willingToAbideByPlatformGuidelines" boolean NOT NULL,
    "expertise" text[],
    "approaches" text[],
    "languages" text[],
    "illnessSpecializations" text[],
    "acceptTypes" text[],
    "treatmentSuccessRates" jsonb NOT NULL,
    "sessionLength" text NOT NULL,
    "hourlyRate" numeric(10,2) NOT NULL,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "Therapist_userId_key" ON "Therapist" ("userId");

CREATE TABLE "Client" (
    "userId" text PRIMARY KEY REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "hasSeenTherapistRecommendations" boolean NOT NULL DEFAULT false,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "Client_userId_key" ON "Client" ("userId");

CREATE TABLE "Moderator" (
    "userId" text PRIMARY KEY REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "permissions" text[],
    "assignedCommunities" jsonb,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "Moderator_userId_key" ON "Moderator" ("userId");

-- Communities ---------------------------------------------------------------------------

CREATE TABLE "Community" (
    "id" text PRIMARY KEY,
    "name" text NOT NULL,
    "slug" text NOT NULL,
    "description" text NOT NULL,
    "imageUrl" text NOT NULL,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "Community_name_key" ON "Community" ("name");
CREATE UNIQUE INDEX "Community_slug_key" ON "Community" ("slug");

CREATE TABLE "RoomGroup" (
    "id" text PRIMARY KEY,
    "name" text NOT NULL,
    "order" integer NOT NULL,
    "communityId" text NOT NULL REFERENCES "Community" ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "Room" (
    "id" text PRIMARY KEY,
    "name" text NOT NULL,
    "order" integer NOT NULL,
    "postingRole" text NOT NULL DEFAULT 'member',
    "roomGroupId" text NOT NULL REFERENCES "RoomGroup" ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "Membership" (
    "id" text PRIMARY KEY,
    "joinedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "communityId" text NOT NULL REFERENCES "Community" ON DELETE CASCADE ON UPDATE CASCADE,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "Membership_userId_communityId_key" ON "Membership" ("userId", "communityId");

CREATE TABLE "ModeratorCommunity" (
    "id" text PRIMARY KEY,
    "moderatorId" text NOT NULL REFERENCES "Moderator" ON DELETE CASCADE ON UPDATE CASCADE,
    "communityId" text NOT NULL REFERENCES "Community" ON DELETE CASCADE ON UPDATE CASCADE,
    "assignedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "ModeratorCommunity_moderatorId_communityId_key"
    ON "ModeratorCommunity" ("moderatorId", "communityId");

-- Posts ---------------------------------------------------------------------------------

CREATE TABLE "Post" (
    "id" text PRIMARY KEY,
    "title" text NOT NULL,
    "content" text NOT NULL,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "roomId" text REFERENCES "Room" ON DELETE SET NULL ON UPDATE CASCADE,
    "attachmentUrls" text[] DEFAULT ARRAY[]::text[],
    "attachmentNames" text[] DEFAULT ARRAY[]::text[],
    "attachmentSizes" integer[] DEFAULT ARRAY[]::integer[]
);

CREATE TABLE "Comment" (
    "id" text PRIMARY KEY,
    "postId" text NOT NULL REFERENCES "Post" ON DELETE CASCADE ON UPDATE CASCADE,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "content" text NOT NULL,
    "parentId" text REFERENCES "Comment" ON DELETE CASCADE ON UPDATE CASCADE,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL,
    "attachmentUrls" text[] DEFAULT ARRAY[]::text[],
    "attachmentNames" text[] DEFAULT ARRAY[]::text[],
    "attachmentSizes" integer[] DEFAULT ARRAY[]::integer[]
);

CREATE TABLE "PostHeart" (
    "id" text PRIMARY KEY,
    "postId" text NOT NULL REFERENCES "Post" ON DELETE CASCADE ON UPDATE CASCADE,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "PostHeart_postId_userId_key" ON "PostHeart" ("postId", "userId");

CREATE TABLE "CommentHeart" (
    "id" text PRIMARY KEY,
    "commentId" text NOT NULL REFERENCES "Comment" ON DELETE CASCADE ON UPDATE CASCADE,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "CommentHeart_commentId_userId_key" ON "CommentHeart" ("commentId", "userId");

-- Care ----------------------------------------------------------------------------------

CREATE TABLE "ClientTherapist" (
    "id" text PRIMARY KEY,
    "clientId" text NOT NULL REFERENCES "Client" ON DELETE CASCADE ON UPDATE CASCADE,
    "therapistId" text NOT NULL REFERENCES "Therapist" ON DELETE CASCADE ON UPDATE CASCADE,
    "status" text NOT NULL DEFAULT 'active',
    "assignedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "ClientTherapist_clientId_therapistId_key"
    ON "ClientTherapist" ("clientId", "therapistId");

CREATE TABLE "TherapistAvailability" (
    "id" text PRIMARY KEY,
    "therapistId" text NOT NULL REFERENCES "Therapist" ON DELETE CASCADE ON UPDATE CASCADE,
    "dayOfWeek" text NOT NULL,
    "startTime" text NOT NULL,
    "endTime" text NOT NULL,
    "timezone" text NOT NULL DEFAULT 'UTC',
    "isAvailable" boolean NOT NULL DEFAULT true,
    "notes" text,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "TherapistAvailability_therapistId_dayOfWeek_startTime_endTi_key"
    ON "TherapistAvailability" ("therapistId", "dayOfWeek", "startTime", "endTime");

CREATE TABLE "PreAssessment" (
    "id" text PRIMARY KEY,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL,
    "clientId" text NOT NULL REFERENCES "Client" ON DELETE CASCADE ON UPDATE CASCADE,
    "answers" jsonb NOT NULL,
    "scores" jsonb NOT NULL,
    "severityLevels" jsonb NOT NULL,
    "aiEstimate" jsonb NOT NULL,
    "isProcessed" boolean NOT NULL DEFAULT false,
    "processedAt" timestamp(3)
);
CREATE UNIQUE INDEX "PreAssessment_clientId_key" ON "PreAssessment" ("clientId");

CREATE TABLE "Meeting" (
    "id" text PRIMARY KEY,
    "title" text,
    "description" text,
    "startTime" timestamp(3) NOT NULL,
    "endTime" timestamp(3),
    "duration" integer NOT NULL DEFAULT 60,
    "status" "MeetingStatus" NOT NULL DEFAULT 'SCHEDULED',
    "meetingType" text NOT NULL DEFAULT 'video',
    "meetingUrl" text,
    "clientId" text NOT NULL REFERENCES "Client" ON DELETE CASCADE ON UPDATE CASCADE,
    "therapistId" text NOT NULL REFERENCES "Therapist" ON DELETE CASCADE ON UPDATE CASCADE,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "MeetingNotes" (
    "id" text PRIMARY KEY,
    "meetingId" text NOT NULL REFERENCES "Meeting" ON DELETE CASCADE ON UPDATE CASCADE,
    "notes" text NOT NULL,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "MeetingNotes_id_key" ON "MeetingNotes" ("id");

CREATE TABLE "Worksheet" (
    "id" text PRIMARY KEY,
    "clientId" text NOT NULL REFERENCES "Client" ON DELETE CASCADE ON UPDATE CASCADE,
    "therapistId" text NOT NULL REFERENCES "Therapist" ON DELETE CASCADE ON UPDATE CASCADE,
    "title" text NOT NULL,
    "instructions" text NOT NULL,
    "dueDate" timestamp(3) NOT NULL,
    "status" "WorksheetStatus" NOT NULL DEFAULT 'ASSIGNED',
    "materialUrls" text[] DEFAULT ARRAY[]::text[],
    "materialNames" text[] DEFAULT ARRAY[]::text[],
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "WorksheetSubmission" (
    "id" text PRIMARY KEY,
    "worksheetId" text NOT NULL REFERENCES "Worksheet" ON DELETE CASCADE ON UPDATE CASCADE,
    "fileUrls" text[],
    "fileNames" text[],
    "fileSizes" integer[],
    "submittedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "feedback" text
);
CREATE UNIQUE INDEX "WorksheetSubmission_worksheetId_key" ON "WorksheetSubmission" ("worksheetId");

CREATE TABLE "Review" (
    "id" text PRIMARY KEY,
    "rating" integer NOT NULL,
    "title" text,
    "content" text,
    "isAnonymous" boolean NOT NULL DEFAULT false,
    "clientId" text NOT NULL REFERENCES "Client" ON DELETE CASCADE ON UPDATE CASCADE,
    "therapistId" text NOT NULL REFERENCES "Therapist" ON DELETE CASCADE ON UPDATE CASCADE,
    "meetingId" text REFERENCES "Meeting" ON DELETE SET NULL ON UPDATE CASCADE,
    "isVerified" boolean NOT NULL DEFAULT false,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX "Review_clientId_therapistId_meetingId_key"
    ON "Review" ("clientId", "therapistId", "meetingId");

-- Messages ------------------------------------------------------------------------------

CREATE TABLE "Conversation" (
    "id" text PRIMARY KEY,
    "type" "ConversationType" NOT NULL DEFAULT 'DIRECT',
    "title" text,
    "isActive" boolean NOT NULL DEFAULT true,
    "lastMessageAt" timestamp(3),
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "ConversationParticipant" (
    "id" text PRIMARY KEY,
    "conversationId" text NOT NULL REFERENCES "Conversation" ON DELETE CASCADE ON UPDATE CASCADE,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "joinedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastReadAt" timestamp(3),
    "role" "ParticipantRole" NOT NULL DEFAULT 'MEMBER',
    "isActive" boolean NOT NULL DEFAULT true,
    "isMuted" boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX "ConversationParticipant_conversationId_userId_key"
    ON "ConversationParticipant" ("conversationId", "userId");

CREATE TABLE "Message" (
    "id" text PRIMARY KEY,
    "conversationId" text NOT NULL REFERENCES "Conversation" ON DELETE CASCADE ON UPDATE CASCADE,
    "senderId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "content" text NOT NULL,
    "messageType" "MessageType" NOT NULL DEFAULT 'TEXT',
    "attachmentUrls" text[] DEFAULT ARRAY[]::text[],
    "attachmentNames" text[] DEFAULT ARRAY[]::text[],
    "attachmentSizes" integer[] DEFAULT ARRAY[]::integer[],
    "replyToId" text REFERENCES "Message" ON DELETE SET NULL ON UPDATE CASCADE,
    "isEdited" boolean NOT NULL DEFAULT false,
    "isDeleted" boolean NOT NULL DEFAULT false,
    "editedAt" timestamp(3),
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "MessageReaction" (
    "id" text PRIMARY KEY,
    "messageId" text NOT NULL REFERENCES "Message" ON DELETE CASCADE ON UPDATE CASCADE,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "emoji" text NOT NULL,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "MessageReaction_messageId_userId_emoji_key"
    ON "MessageReaction" ("messageId", "userId", "emoji");

CREATE TABLE "MessageReadReceipt" (
    "id" text PRIMARY KEY,
    "messageId" text NOT NULL REFERENCES "Message" ON DELETE CASCADE ON UPDATE CASCADE,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "readAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "MessageReadReceipt_messageId_userId_key"
    ON "MessageReadReceipt" ("messageId", "userId");

CREATE TABLE "TypingIndicator" (
    "id" text PRIMARY KEY,
    "conversationId" text NOT NULL,
    "userId" text NOT NULL,
    "isTyping" boolean NOT NULL DEFAULT true,
    "lastTypingAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "TypingIndicator_conversationId_userId_key"
    ON "TypingIndicator" ("conversationId", "userId");

-- Notifications and moderation ----------------------------------------------------------

CREATE TABLE "Notification" (
    "id" text PRIMARY KEY,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "title" text NOT NULL,
    "message" text NOT NULL,
    "type" "NotificationType" NOT NULL,
    "priority" "NotificationPriority" NOT NULL DEFAULT 'NORMAL',
    "data" jsonb,
    "actionUrl" text,
    "isRead" boolean NOT NULL DEFAULT false,
    "readAt" timestamp(3),
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "Report" (
    "id" text PRIMARY KEY,
    "reason" text NOT NULL,
    "content" text,
    "status" "ReportStatus" NOT NULL DEFAULT 'PENDING',
    "postId" text REFERENCES "Post" ON DELETE CASCADE ON UPDATE CASCADE,
    "commentId" text REFERENCES "Comment" ON DELETE CASCADE ON UPDATE CASCADE,
    "reportedUserId" text REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "reporterId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "UserBlock" (
    "id" text PRIMARY KEY,
    "blockerId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "blockedId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "reason" text,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "UserBlock_blockerId_blockedId_key" ON "UserBlock" ("blockerId", "blockedId");

-- Payments ------------------------------------------------------------------------------

CREATE TABLE "PaymentMethod" (
    "id" text PRIMARY KEY,
    "userId" text NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE,
    "type" "PaymentMethodType" NOT NULL DEFAULT 'CARD',
    "nickname" text,
    "isDefault" boolean NOT NULL DEFAULT false,
    "isActive" boolean NOT NULL DEFAULT true,
    "lastUsed" timestamp(3),
    "cardLast4" text,
    "cardBrand" text,
    "cardholderName" text,
    "cardNumber" text,
    "expiryMonth" integer,
    "expiryYear" integer,
    "cardType" text,
    "bankName" text,
    "accountHolderName" text,
    "accountType" text,
    "routingNumber" text,
    "accountLast4" text,
    "walletProvider" text,
    "walletEmail" text,
    "walletAccountName" text,
    "gcashNumber" text,
    "gcashName" text,
    "isVerified" boolean,
    "gcashEmail" text,
    "mayaNumber" text,
    "mayaName" text,
    "mayaVerified" boolean,
    "mayaEmail" text,
    "billingAddress" jsonb,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE "Payment" (
    "id" text PRIMARY KEY,
    "amount" numeric(10,2) NOT NULL,
    "currency" text NOT NULL DEFAULT 'USD',
    "status" "PaymentStatus" NOT NULL DEFAULT 'PENDING',
    "clientId" text NOT NULL REFERENCES "Client" ON DELETE CASCADE ON UPDATE CASCADE,
    "therapistId" text NOT NULL REFERENCES "Therapist" ON DELETE CASCADE ON UPDATE CASCADE,
    "meetingId" text REFERENCES "Meeting" ON DELETE SET NULL ON UPDATE CASCADE,
    "paymentMethodId" text REFERENCES "PaymentMethod" ON DELETE SET NULL ON UPDATE CASCADE,
    "processedAt" timestamp(3),
    "failedAt" timestamp(3),
    "failureReason" text,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL
);
