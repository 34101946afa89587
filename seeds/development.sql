-- environments: development, test
-- Accounts in every state the API knows, with sessions, provider accounts and history. All passwords are TestPassword123!
-- Ids are fixed and rows that exist are left alone: applying this again changes nothing. An account is left out, with
-- everything that belongs to it, when its address is taken by another one. Times count from the first time it is applied.

insert into users (id, email, status, email_verified_at, last_login_at, created_at, modified_at, deleted_at)
select id::uuid, email, status, now() - verified, now() - last_login, now() - created, now() - created, now() - deleted
from (
  values
    -- active and verified
    ('019b76da-a800-7000-8000-018bebaa9055', 'test@example.com', 'active', interval '90 days', interval '10 minutes', interval '90 days', null::interval),
    ('019b76da-a801-7000-8040-033ff4ed6fab', 'alice@example.com', 'active', interval '200 days', interval '1 day', interval '200 days', null),
    ('019b76da-a802-7000-8080-01508892e83e', 'bob@example.com', 'active', interval '800 days', interval '400 days', interval '800 days', null),
    ('019b76da-a803-7000-80c0-011ffc30dca1', 'carol@example.com', 'active', interval '2 days', null, interval '3 days', null),
    ('019b76da-a804-7000-8100-0253373e3763', 'judy@example.com', 'active', interval '60 days', interval '30 days', interval '60 days', null),
    -- not verified: just registered, and long ago with a link that has expired
    ('019b76da-a805-7000-8140-036420234c26', 'dave@example.com', 'active', null, null, interval '1 hour', null),
    ('019b76da-a806-7000-8180-026484c6c80c', 'erin@example.com', 'active', null, interval '29 days', interval '30 days', null),
    -- inactive
    ('019b76da-a807-7000-81c0-010045e6204e', 'frank@example.com', 'disabled', interval '300 days', interval '20 days', interval '300 days', null),
    -- without a password, through a provider only; and with both
    ('019b76da-a808-7000-8200-035f7abaee01', 'grace@example.com', 'active', interval '120 days', interval '3 hours', interval '120 days', null),
    ('019b76da-a809-7000-8240-034defe58210', 'heidi@example.com', 'active', interval '120 days', interval '45 days', interval '120 days', null),
    ('019b76da-a80a-7000-8280-03e6605d07ea', 'ivan@example.com', 'active', interval '500 days', interval '5 days', interval '500 days', null),
    -- staff
    ('019b76da-a80b-7000-82c0-0288c1c82d3a', 'operator@example.com', 'active', interval '700 days', interval '2 hours', interval '700 days', null),
    ('019b76da-a80c-7000-8300-01371f861d31', 'support@example.com', 'active', interval '650 days', interval '6 days', interval '650 days', null),
    -- deleted by an administrator, can be restored
    ('019b76da-a80d-7000-8340-02e2a8b4254b', 'mallory@example.com', 'active', interval '150 days', interval '41 days', interval '150 days', interval '40 days')
) as account (id, email, status, verified, last_login, created, deleted)
on conflict do nothing;

insert into user_profiles (user_id, display_name, given_name, family_name, phone, locale, time_zone, bio, created_at, modified_at)
select users.id, display_name, given_name, family_name, phone, locale, time_zone, bio, users.created_at, users.created_at
from (
  values
    ('019b76da-a800-7000-8000-018bebaa9055', 'Test User', 'Test', 'User', '+12025550100', 'en', 'UTC', 'The account to try things with.'),
    ('019b76da-a801-7000-8040-033ff4ed6fab', 'Alice', 'Alice', 'Archer', '+12025550101', 'en', 'America/New_York', null),
    ('019b76da-a802-7000-8080-01508892e83e', 'Bob', 'Bob', 'Baker', null, 'en', 'Europe/London', null),
    ('019b76da-a803-7000-80c0-011ffc30dca1', null, 'Carol', null, null, null, null, null),
    ('019b76da-a805-7000-8140-036420234c26', 'Dave', null, null, null, 'de', 'Europe/Berlin', null),
    ('019b76da-a807-7000-81c0-010045e6204e', 'Frank', 'Frank', 'Fisher', null, 'en', null, 'Disabled.'),
    ('019b76da-a808-7000-8200-035f7abaee01', 'Grace', 'Grace', 'Gardner', null, 'en', 'America/Los_Angeles', null),
    ('019b76da-a809-7000-8240-034defe58210', 'heidi', null, null, null, null, null, null),
    ('019b76da-a80a-7000-8280-03e6605d07ea', 'Иван', 'Иван', 'Иванов', null, 'ru', 'Asia/Almaty', null),
    ('019b76da-a80b-7000-82c0-0288c1c82d3a', 'Olivia Operator', 'Olivia', 'Operator', '+12025550102', 'en', 'UTC', null),
    ('019b76da-a80c-7000-8300-01371f861d31', 'Sam Support', 'Sam', 'Support', null, 'en', 'UTC', null),
    ('019b76da-a80d-7000-8340-02e2a8b4254b', 'Mallory', 'Mallory', null, null, 'fr', 'Europe/Paris', 'Deleted.')
) as profile (user_id, display_name, given_name, family_name, phone, locale, time_zone, bio)
join users on users.id = profile.user_id::uuid
on conflict do nothing;

insert into password_credentials (user_id, hash, changed_at, created_at, modified_at)
select users.id, hash, users.created_at, users.created_at, users.created_at
from (
  values
    ('019b76da-a800-7000-8000-018bebaa9055', '$argon2id$v=19$m=19456,t=2,p=1$QOmyMCohFwOPJlqSdG5jbg$PUAYrnpwDfRyTf03F1roICISiVd7k4fimIvjsSjZpPM'),
    ('019b76da-a801-7000-8040-033ff4ed6fab', '$argon2id$v=19$m=19456,t=2,p=1$KcL19NEp1GIQad/JcW7liA$pQd/tdy8qd2ftx3Ls68fYsyfMBw+BhSFPPT0RZFm1rk'),
    ('019b76da-a802-7000-8080-01508892e83e', '$argon2id$v=19$m=19456,t=2,p=1$HRcuNDG1Dhw8zFBJqZpnfg$IK0Gl54I2QByEFAKpOjBhEv/jIKhr3SOyl2m/wcUEyc'),
    ('019b76da-a803-7000-80c0-011ffc30dca1', '$argon2id$v=19$m=19456,t=2,p=1$updiLNPqYeWkZjL4eWG8pQ$ZUGgKQM/OH2wlpTI3egEHY2ujIbvfRPzLb8mHStuPFA'),
    ('019b76da-a804-7000-8100-0253373e3763', '$argon2id$v=19$m=19456,t=2,p=1$YqrgXfM5JmfNAqx6/rrRyA$WSZ4Cy7Y5OrGoBiX+fk0iMgNqabKVAmsLftql+TOqmg'),
    ('019b76da-a805-7000-8140-036420234c26', '$argon2id$v=19$m=19456,t=2,p=1$m5Zu7EkWmhT+/SbBmjNjOA$JzJ4qatN/mCQTbFvyI9c+9FyooP66KhPiKOJHkVDmkA'),
    ('019b76da-a806-7000-8180-026484c6c80c', '$argon2id$v=19$m=19456,t=2,p=1$RikYkaHamF+AfQdQZir4dA$BS1jpOr24DfkLBkrE3t9O8C+OLH5vzbPTYwgUXUWxDw'),
    ('019b76da-a807-7000-81c0-010045e6204e', '$argon2id$v=19$m=19456,t=2,p=1$Ip45UDuZq3YYWh+vzzecdw$OCUF8p34JBi78J6Iuzh+7gNIdWvhTLwEh5Qca+TFYR0'),
    ('019b76da-a80a-7000-8280-03e6605d07ea', '$argon2id$v=19$m=19456,t=2,p=1$Nm6pL2rs4R50sS0Mvdsvug$Kqmza92UG4qW0zR21YCYfPfoh1u+aXJ+ccWwM/G3JrA'),
    ('019b76da-a80b-7000-82c0-0288c1c82d3a', '$argon2id$v=19$m=19456,t=2,p=1$X8Xss0mzfoaJkcHdmWzSiw$6CuMC4DHswosEqx6SkCW1znztPBBjHGy0ijtKTfPwXQ'),
    ('019b76da-a80c-7000-8300-01371f861d31', '$argon2id$v=19$m=19456,t=2,p=1$eDo/1B4rTdk+sjqHUCnasg$lf7/RMD5/VdqicoDyH9MPk9+Eas9UbDrB/TPqrGXL2Y'),
    ('019b76da-a80d-7000-8340-02e2a8b4254b', '$argon2id$v=19$m=19456,t=2,p=1$HEfiwg4O4cRvXuUtT5BbQQ$kWxg41ERcEL0XGvg5Wrns9MpOV3i1yJoGurutSbGmsA')
) as credential (user_id, hash)
join users on users.id = credential.user_id::uuid
on conflict do nothing;

-- the built-in seed made the roles
insert into user_roles (user_id, role_id, created_by, modified_by)
select users.id, roles.id, '019b76da-a80b-7000-82c0-0288c1c82d3a', '019b76da-a80b-7000-82c0-0288c1c82d3a'
from (
  values
    ('019b76da-a800-7000-8000-018bebaa9055', 'user'),
    ('019b76da-a801-7000-8040-033ff4ed6fab', 'user'),
    ('019b76da-a802-7000-8080-01508892e83e', 'user'),
    ('019b76da-a803-7000-80c0-011ffc30dca1', 'user'),
    ('019b76da-a804-7000-8100-0253373e3763', 'user'),
    ('019b76da-a805-7000-8140-036420234c26', 'user'),
    ('019b76da-a806-7000-8180-026484c6c80c', 'user'),
    ('019b76da-a807-7000-81c0-010045e6204e', 'user'),
    ('019b76da-a808-7000-8200-035f7abaee01', 'user'),
    ('019b76da-a809-7000-8240-034defe58210', 'user'),
    ('019b76da-a80a-7000-8280-03e6605d07ea', 'user'),
    ('019b76da-a80b-7000-82c0-0288c1c82d3a', 'user'),
    ('019b76da-a80b-7000-82c0-0288c1c82d3a', 'operator'),
    ('019b76da-a80b-7000-82c0-0288c1c82d3a', 'admin'),
    ('019b76da-a80c-7000-8300-01371f861d31', 'user'),
    ('019b76da-a80c-7000-8300-01371f861d31', 'support'),
    ('019b76da-a80d-7000-8340-02e2a8b4254b', 'user')
) as granted (user_id, role)
join users on users.id = granted.user_id::uuid
join roles on roles.name = granted.role and roles.deleted_at is null
on conflict do nothing;

-- the tokens themselves are the texts hashed here: nobody was sent them
insert into one_time_tokens (id, user_id, purpose, token_hash, expires_at, used_at, created_at, modified_at)
select token.id::uuid, users.id, purpose, sha256(convert_to(secret, 'UTF8')), now() + expires, now() - used,
  now() - created, now() - created
from (
  values
    ('019b76da-a80e-7000-8380-00bbc8059c88', '019b76da-a805-7000-8140-036420234c26', 'verify_email', 'development-verify-dave', interval '23 hours', null::interval, interval '1 hour'),
    ('019b76da-a80f-7000-83c0-037b9ac1a071', '019b76da-a806-7000-8180-026484c6c80c', 'verify_email', 'development-verify-erin', interval '-29 days', null, interval '30 days'),
    ('019b76da-a810-7000-8400-01a9736799a7', '019b76da-a801-7000-8040-033ff4ed6fab', 'verify_email', 'development-verify-alice', interval '-199 days', interval '200 days', interval '200 days'),
    ('019b76da-a811-7000-8440-034b4efc261a', '019b76da-a804-7000-8100-0253373e3763', 'reset_password', 'development-reset-judy', interval '30 minutes', null, interval '30 minutes'),
    ('019b76da-a812-7000-8480-01cbabfa2895', '019b76da-a802-7000-8080-01508892e83e', 'reset_password', 'development-reset-bob', interval '-400 days', null, interval '400 days 1 hour')
) as token (id, user_id, purpose, secret, expires, used, created)
join users on users.id = token.user_id::uuid
on conflict do nothing;

-- not enabled: there is no client secret
insert into oauth_providers (id, slug, kind, display_name, issuer, client_id, scopes, enabled, created_at, modified_at)
values
  ('019b76da-a813-7000-84c0-02382532dd7a', 'google', 'oidc', 'Google', 'https://accounts.google.com', 'development.apps.googleusercontent.com',
    '{openid,email,profile}', false, now() - interval '700 days', now() - interval '700 days'),
  ('019b76da-a814-7000-8500-01506e339194', 'github', 'oauth2', 'GitHub', null, 'Iv1.development',
    '{read:user,user:email}', false, now() - interval '700 days', now() - interval '700 days')
on conflict do nothing;

-- without provider tokens: those are encrypted under a keyring that this file does not have
insert into oauth_accounts (id, user_id, provider_id, subject, email, token_expires_at, created_at, modified_at)
select account.id::uuid, users.id, oauth_providers.id, subject, account.email, now() + expires, users.created_at, users.created_at
from (
  values
    ('019b76da-a815-7000-8540-013ca1f4bd65', '019b76da-a808-7000-8200-035f7abaee01', 'google', '103547991597142817347', 'grace@example.com', interval '1 hour'),
    ('019b76da-a816-7000-8580-01cd447fd3d3', '019b76da-a809-7000-8240-034defe58210', 'github', '583231', 'heidi@example.com', null),
    ('019b76da-a817-7000-85c0-02953f45771e', '019b76da-a80a-7000-8280-03e6605d07ea', 'google', '117365102938472650194', 'ivan@example.com', interval '-5 days'),
    ('019b76da-a818-7000-8600-00cc38cf9fca', '019b76da-a80a-7000-8280-03e6605d07ea', 'github', '9919', 'ivan@users.example.com', null)
) as account (id, user_id, provider, subject, email, expires)
join users on users.id = account.user_id::uuid
join oauth_providers on oauth_providers.slug = account.provider and oauth_providers.deleted_at is null
on conflict do nothing;

insert into sessions (id, user_id, client_id, amr, address, user_agent, expires_at, revoked_at, revoked_by, revocation_reason,
  created_at, created_by, modified_at, modified_by)
select session.id::uuid, users.id, client, amr::text[], address::inet, agent, now() - created + interval '30 days',
  now() - revoked, revoked_by::uuid, reason, now() - created, users.id, now() - coalesce(revoked, created),
  coalesce(revoked_by::uuid, users.id)
from (
  values
    -- valid
    ('019b76da-a819-7000-8640-00e02438dde7', '019b76da-a800-7000-8000-018bebaa9055', 'web', '{pwd}', '192.0.2.10', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', interval '2 days', null::interval, null, null),
    ('019b76da-a81a-7000-8680-00cb3a6fe8db', '019b76da-a800-7000-8000-018bebaa9055', 'mobile', '{pwd}', '2001:db8::10', 'HoldfastApp/1.0 (Android 16)', interval '10 minutes', null, null, null),
    ('019b76da-a81b-7000-86c0-02c028d198c3', '019b76da-a801-7000-8040-033ff4ed6fab', 'web', '{pwd}', '192.0.2.20', 'Mozilla/5.0 (Macintosh) Safari/605.1.15', interval '1 day', null, null, null),
    ('019b76da-a81c-7000-8700-022528c89ed7', '019b76da-a808-7000-8200-035f7abaee01', 'web', '{fed}', '192.0.2.30', 'Mozilla/5.0 (Windows NT 10.0) Chrome/142.0', interval '3 hours', null, null, null),
    ('019b76da-a81d-7000-8740-01c08e922511', '019b76da-a80b-7000-82c0-0288c1c82d3a', 'web', '{pwd}', '192.0.2.40', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', interval '2 hours', null, null, null),
    -- expired: not refreshed in time, and past its absolute end
    ('019b76da-a81e-7000-8780-033a041bca24', '019b76da-a800-7000-8000-018bebaa9055', 'cli', '{pwd}', '192.0.2.11', 'curl/8.14.1', interval '20 days', null, null, null),
    ('019b76da-a81f-7000-87c0-0234cfddaab4', '019b76da-a806-7000-8180-026484c6c80c', 'web', '{pwd}', null, null, interval '29 days', null, null, null),
    ('019b76da-a820-7000-8800-0220b1259d07', '019b76da-a802-7000-8080-01508892e83e', 'web', '{pwd}', '192.0.2.50', 'Mozilla/5.0 (Windows NT 10.0) Chrome/120.0', interval '400 days', null, null, null),
    -- revoked, for every reason
    ('019b76da-a821-7000-8840-02175b8f7e46', '019b76da-a800-7000-8000-018bebaa9055', 'web', '{pwd}', '192.0.2.10', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', interval '9 days', interval '8 days', '019b76da-a800-7000-8000-018bebaa9055', 'logout'),
    ('019b76da-a822-7000-8880-0383b523fe96', '019b76da-a801-7000-8040-033ff4ed6fab', 'mobile', '{pwd}', '198.51.100.20', 'HoldfastApp/1.0 (iOS 26)', interval '12 days', interval '11 days', '019b76da-a801-7000-8040-033ff4ed6fab', 'revoked_by_user'),
    ('019b76da-a823-7000-88c0-030523123e64', '019b76da-a801-7000-8040-033ff4ed6fab', 'web', '{pwd}', '203.0.113.66', 'python-requests/2.32', interval '14 days', interval '13 days', null, 'refresh_token_reused'),
    ('019b76da-a824-7000-8900-0160e8da96c3', '019b76da-a809-7000-8240-034defe58210', 'web', '{fed}', '192.0.2.60', null, interval '45 days', interval '44 days', '019b76da-a80b-7000-82c0-0288c1c82d3a', 'revoked_by_administrator'),
    ('019b76da-a825-7000-8940-0195b1d8a8dd', '019b76da-a80a-7000-8280-03e6605d07ea', 'web', '{pwd}', '192.0.2.70', null, interval '6 days', interval '5 days', '019b76da-a80a-7000-8280-03e6605d07ea', 'password_changed'),
    ('019b76da-a826-7000-8980-017b9ad6650c', '019b76da-a807-7000-81c0-010045e6204e', 'web', '{pwd}', '192.0.2.80', null, interval '20 days', interval '19 days', '019b76da-a80b-7000-82c0-0288c1c82d3a', 'account_disabled'),
    ('019b76da-a827-7000-89c0-0150067090fd', '019b76da-a80d-7000-8340-02e2a8b4254b', 'web', '{pwd}', '192.0.2.90', null, interval '41 days', interval '40 days', '019b76da-a80b-7000-82c0-0288c1c82d3a', 'account_deleted')
) as session (id, user_id, client, amr, address, agent, created, revoked, revoked_by, reason)
join users on users.id = session.user_id::uuid
on conflict do nothing;

-- one family for each session; its tokens could only be made with the keyring
insert into refresh_tokens (session_id, user_id, generation, rotated_at, previous_rotations, expires_at, absolute_expires_at,
  revoked_at, created_at)
select sessions.id, sessions.user_id, generation, now() - rotated,
  case generation when 0 then '{}' else array[greatest(now() - rotated - interval '15 minutes', sessions.created_at)] end,
  least(now() - rotated + interval '7 days', sessions.expires_at), sessions.expires_at, sessions.revoked_at, sessions.created_at
from (
  values
    ('019b76da-a819-7000-8640-00e02438dde7', 117, interval '12 minutes'),
    ('019b76da-a81a-7000-8680-00cb3a6fe8db', 0, interval '10 minutes'),
    ('019b76da-a81b-7000-86c0-02c028d198c3', 40, interval '8 minutes'),
    ('019b76da-a81c-7000-8700-022528c89ed7', 11, interval '3 minutes'),
    ('019b76da-a81d-7000-8740-01c08e922511', 7, interval '1 minute'),
    ('019b76da-a81e-7000-8780-033a041bca24', 3, interval '19 days'),
    ('019b76da-a81f-7000-87c0-0234cfddaab4', 0, interval '29 days'),
    ('019b76da-a820-7000-8800-0220b1259d07', 800, interval '393 days'),
    ('019b76da-a821-7000-8840-02175b8f7e46', 60, interval '8 days 5 minutes'),
    ('019b76da-a822-7000-8880-0383b523fe96', 22, interval '11 days 9 minutes'),
    ('019b76da-a823-7000-88c0-030523123e64', 15, interval '13 days 1 hour'),
    ('019b76da-a824-7000-8900-0160e8da96c3', 5, interval '44 days 2 hours'),
    ('019b76da-a825-7000-8940-0195b1d8a8dd', 31, interval '5 days 14 minutes'),
    ('019b76da-a826-7000-8980-017b9ad6650c', 2, interval '19 days 3 hours'),
    ('019b76da-a827-7000-89c0-0150067090fd', 9, interval '40 days 1 hour')
) as family (session_id, generation, rotated)
join sessions on sessions.id = family.session_id::uuid
on conflict do nothing;

insert into login_attempts (id, user_id, email, outcome, address, user_agent, attempted_at)
select attempt.id::uuid, users.id, attempt.email, outcome, address::inet, agent, now() - ago
from (
  values
    ('019b76da-a828-7000-8a00-02bc80daa8ad', '019b76da-a800-7000-8000-018bebaa9055', 'test@example.com', 'succeeded', '2001:db8::10', 'HoldfastApp/1.0 (Android 16)', interval '10 minutes'),
    ('019b76da-a829-7000-8a40-03ad867c2ce3', '019b76da-a800-7000-8000-018bebaa9055', 'test@example.com', 'wrong_password', '2001:db8::10', 'HoldfastApp/1.0 (Android 16)', interval '11 minutes'),
    ('019b76da-a82a-7000-8a80-034575670fdf', '019b76da-a802-7000-8080-01508892e83e', 'bob@example.com', 'succeeded', '192.0.2.50', null, interval '400 days'),
    ('019b76da-a82b-7000-8ac0-0298e8e0059c', '019b76da-a804-7000-8100-0253373e3763', 'judy@example.com', 'wrong_password', '203.0.113.99', 'python-requests/2.32', interval '34 minutes'),
    ('019b76da-a82c-7000-8b00-0306e6182933', '019b76da-a804-7000-8100-0253373e3763', 'judy@example.com', 'wrong_password', '203.0.113.99', 'python-requests/2.32', interval '33 minutes'),
    ('019b76da-a82d-7000-8b40-00950333edf4', '019b76da-a804-7000-8100-0253373e3763', 'judy@example.com', 'wrong_password', '203.0.113.99', 'python-requests/2.32', interval '32 minutes'),
    ('019b76da-a82e-7000-8b80-02029d94efc2', '019b76da-a804-7000-8100-0253373e3763', 'judy@example.com', 'wrong_password', '203.0.113.99', 'python-requests/2.32', interval '31 minutes'),
    ('019b76da-a82f-7000-8bc0-00bf7b684659', '019b76da-a807-7000-81c0-010045e6204e', 'frank@example.com', 'account_disabled', '192.0.2.80', null, interval '18 days'),
    ('019b76da-a830-7000-8c00-03fee68e83d3', '019b76da-a808-7000-8200-035f7abaee01', 'grace@example.com', 'no_password', '192.0.2.30', null, interval '4 hours'),
    ('019b76da-a831-7000-8c40-02bac0b62b43', null, 'nobody@example.com', 'unknown_user', '203.0.113.99', 'python-requests/2.32', interval '30 minutes')
) as attempt (id, user_id, email, outcome, address, agent, ago)
left join users on users.id = attempt.user_id::uuid
where attempt.user_id is null or users.id is not null
on conflict do nothing;

insert into audit_log (id, occurred_at, actor_type, actor_id, action, subject_type, subject_id, session_id, request_id, address, details)
select event.id::uuid, now() - ago, actor_type, actor_id::uuid, action, subject_type, subject_id, session_id::uuid, request_id,
  address::inet, details::jsonb
from (
  values
    ('019b76da-a832-7000-8c80-01abf92c8675', '019b76da-a800-7000-8000-018bebaa9055', interval '90 days', 'anonymous', null, 'user.registered', 'user', '019b76da-a800-7000-8000-018bebaa9055', null, 'development-0001', '192.0.2.10', '{}'),
    ('019b76da-a833-7000-8cc0-00f7d0d9d1c2', '019b76da-a800-7000-8000-018bebaa9055', interval '10 minutes', 'user', '019b76da-a800-7000-8000-018bebaa9055', 'session.started', 'session', '019b76da-a81a-7000-8680-00cb3a6fe8db', '019b76da-a81a-7000-8680-00cb3a6fe8db', 'development-0002', '2001:db8::10', '{"clientId": "mobile", "amr": ["pwd"]}'),
    ('019b76da-a834-7000-8d00-02d552e736db', '019b76da-a800-7000-8000-018bebaa9055', interval '9 minutes', 'user', '019b76da-a800-7000-8000-018bebaa9055', 'user.profile_changed', 'user', '019b76da-a800-7000-8000-018bebaa9055', '019b76da-a81a-7000-8680-00cb3a6fe8db', 'development-0003', '2001:db8::10', '{"fields": ["bio"]}'),
    ('019b76da-a835-7000-8d40-037c544db1b0', '019b76da-a801-7000-8040-033ff4ed6fab', interval '13 days', 'system', null, 'session.revoked', 'session', '019b76da-a823-7000-88c0-030523123e64', '019b76da-a823-7000-88c0-030523123e64', 'development-0004', '203.0.113.66', '{"reason": "refresh_token_reused"}'),
    ('019b76da-a836-7000-8d80-0045791adb04', '019b76da-a807-7000-81c0-010045e6204e', interval '19 days', 'user', '019b76da-a80b-7000-82c0-0288c1c82d3a', 'user.disabled', 'user', '019b76da-a807-7000-81c0-010045e6204e', null, 'development-0005', '192.0.2.40', '{}'),
    ('019b76da-a837-7000-8dc0-01e86a26b8ec', '019b76da-a80d-7000-8340-02e2a8b4254b', interval '40 days', 'user', '019b76da-a80b-7000-82c0-0288c1c82d3a', 'user.deleted', 'user', '019b76da-a80d-7000-8340-02e2a8b4254b', null, 'development-0006', '192.0.2.40', '{}'),
    ('019b76da-a838-7000-8e00-02886e1c58fa', '019b76da-a80a-7000-8280-03e6605d07ea', interval '5 days', 'user', '019b76da-a80a-7000-8280-03e6605d07ea', 'user.password_changed', 'user', '019b76da-a80a-7000-8280-03e6605d07ea', '019b76da-a825-7000-8940-0195b1d8a8dd', 'development-0007', '192.0.2.70', '{}')
) as event (id, account, ago, actor_type, actor_id, action, subject_type, subject_id, session_id, request_id, address, details)
join users on users.id = event.account::uuid
on conflict do nothing;
