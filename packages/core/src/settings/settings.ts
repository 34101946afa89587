import { maskUrl, redactText } from '../redact.ts';
import { backupRulesSetting } from './backup-rules.ts';
import {
  choiceSetting,
  clientsSetting,
  databaseUrlSetting,
  durationSetting,
  integerSetting,
  intervalSetting,
  listSetting,
  optional,
  originsSetting,
  type Setting,
  textSetting,
  urlSetting,
} from './setting.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const CENTURY = 36_500 * DAY;
const HOURS = ['off', ...Array.from({ length: 24 }, (_, hour) => String(hour))];
const PORTS = { min: 0, max: 65_535 };
const HTTP_URL = ['http:', 'https:'];

/** Every variable Holdfast reads. `.env.example`, `holdfast config` and the doctor's environment checks come from here. */
export const SETTINGS = {
  nodeEnv: choiceSetting(
    'NODE_ENV',
    ['development', 'test', 'production'],
    { description: 'The kind of environment; production refuses development seeds.' },
    'development',
  ),
  home: textSetting(
    'HOLDFAST_HOME',
    {
      description:
        'The state directory: embedded database, keyring, logs, reports. One Holdfast per directory.',
    },
    '.holdfast',
  ),
  host: textSetting(
    'HOLDFAST_HOST',
    { description: 'The address to listen on. Anything but loopback belongs behind a TLS proxy.' },
    '127.0.0.1',
  ),
  port: integerSetting(
    'HOLDFAST_PORT',
    PORTS,
    { description: 'The public port: of the keeper, or of the API when served alone. 0 picks a free one.' },
    '7400',
  ),
  apiPort: integerSetting(
    'HOLDFAST_API_PORT',
    PORTS,
    { description: 'The port of the API server behind the keeper. 0 picks a free one.' },
    '0',
  ),
  apiUrl: optional(
    urlSetting('HOLDFAST_API_URL', HTTP_URL, {
      description: 'Where the API answers, for a keeper or a doctor that did not start it.',
      example: 'http://127.0.0.1:7401',
    }),
  ),
  publicUrl: optional(
    urlSetting('HOLDFAST_PUBLIC_URL', HTTP_URL, {
      description: 'The URL that clients use. Default: the URL listened on.',
      example: 'https://auth.example.com',
    }),
  ),
  databaseUrl: optional(
    databaseUrlSetting('DATABASE_URL', {
      description:
        'PostgreSQL 14 to 18, as the role of the API; sslmode=require encrypts, verify-full verifies the server as well. Without it, holdfast start runs its own PostgreSQL.',
      example: 'postgresql://holdfast_app:password@127.0.0.1:5432/holdfast',
      secret: true,
      requiredFor: ['serve'],
    }),
  ),
  ownerDatabaseUrl: optional(
    databaseUrlSetting('HOLDFAST_OWNER_DATABASE_URL', {
      description:
        'The same database as the role that owns the tables, for migrations. Default: DATABASE_URL.',
      example: 'postgresql://holdfast_owner:password@127.0.0.1:5432/holdfast',
      secret: true,
    }),
  ),
  poolMax: integerSetting(
    'HOLDFAST_POOL_MAX',
    { min: 1, max: 1_000 },
    { description: 'Database connections per API server.' },
    '10',
  ),
  poolQueue: integerSetting(
    'HOLDFAST_POOL_QUEUE',
    { min: 0, max: 100_000 },
    { description: 'Requests that may wait for a connection; more are answered 503 at once.' },
    '200',
  ),
  keyring: optional(
    textSetting('HOLDFAST_KEYRING', {
      description:
        'The keyring as JSON, or the path of its file. Default: keyring.json in the state directory.',
      example: '/run/secrets/holdfast-keyring.json',
      secret: true,
    }),
  ),
  issuer: urlSetting(
    'HOLDFAST_ISSUER',
    HTTP_URL,
    {
      description:
        'The iss claim of access tokens, and the issuer of the metadata under /.well-known/oauth-authorization-server, which clients compare with the URL they asked. Default: HOLDFAST_PUBLIC_URL when that is set, else http://holdfast.local, whatever the port is. Set it in production and never change it lightly: it invalidates access tokens.',
      example: 'https://auth.example.com',
    },
    'http://holdfast.local',
  ),
  audience: textSetting('HOLDFAST_AUDIENCE', { description: 'The aud claim of access tokens.' }, 'holdfast'),
  accessTokenTtl: durationSetting(
    'HOLDFAST_ACCESS_TOKEN_TTL',
    { minMs: 10 * SECOND, maxMs: DAY },
    { description: 'How long an access token is valid.' },
    '15m',
  ),
  refreshTokenTtl: durationSetting(
    'HOLDFAST_REFRESH_TOKEN_TTL',
    { minMs: MINUTE, maxMs: 365 * DAY },
    { description: 'A session ends when it was not refreshed for this long.' },
    '7d',
  ),
  sessionTtl: durationSetting(
    'HOLDFAST_SESSION_TTL',
    { minMs: MINUTE, maxMs: 365 * DAY },
    { description: 'A session ends this long after its login, however active.' },
    '30d',
  ),
  refreshGrace: durationSetting(
    'HOLDFAST_REFRESH_GRACE',
    { minMs: 0, maxMs: 10 * MINUTE },
    {
      description:
        'How long a refresh token still answers with the current one after its successor was used.',
    },
    '30s',
  ),
  sessionLimit: integerSetting(
    'HOLDFAST_SESSION_LIMIT',
    { min: 1, max: 10_000 },
    {
      description: 'The most sessions of one account; the least recently used ones end when there are more.',
    },
    '100',
  ),
  recovery: choiceSetting(
    'HOLDFAST_RECOVERY',
    ['adopt', 'strict'],
    {
      description:
        'After the database was restored: adopt keeps sessions that are newer than the backup, strict asks their users to sign in again.',
    },
    'adopt',
  ),
  revocationJournal: optional(
    textSetting('HOLDFAST_REVOCATION_JOURNAL', {
      description:
        'Where revocations are remembered outside the database: the path of a file, or redis for a stream on REDIS_URL, which replicas on several machines need. Default: revocations.ndjson in the state directory.',
      example: '/var/lib/holdfast/revocations.ndjson',
    }),
  ),
  redisUrl: optional(
    urlSetting('REDIS_URL', ['redis:', 'rediss:'], {
      description: 'Redis or Valkey, as a second way for revocations to reach the other replicas.',
      example: 'redis://127.0.0.1:6379',
      secret: true,
    }),
  ),
  introspectionClients: clientsSetting(
    'HOLDFAST_INTROSPECTION_CLIENTS',
    {
      description:
        'Clients that may introspect and revoke tokens, comma-separated: each its id, a colon and the SHA-256 of its secret in hexadecimal.',
      example: `billing:${'0'.repeat(64)}`,
      secret: true,
    },
    '',
  ),
  corsOrigins: originsSetting(
    'HOLDFAST_CORS_ORIGINS',
    {
      description: 'Browser origins that may call the API, comma-separated.',
      example: 'https://app.example.com',
    },
    '',
  ),
  trustProxy: textSetting(
    'HOLDFAST_TRUST_PROXY',
    { description: 'Addresses or networks of proxies whose X-Forwarded-For is believed, comma-separated.' },
    '',
  ),
  bodyLimit: integerSetting(
    'HOLDFAST_BODY_LIMIT',
    { min: 1_024, max: 1_073_741_824 },
    { description: 'The largest request body in bytes; bulk imports may be 16 times as large.' },
    '1048576',
  ),
  drainTimeout: durationSetting(
    'HOLDFAST_DRAIN_TIMEOUT',
    { minMs: 0, maxMs: 10 * MINUTE },
    { description: 'How long running requests may take to finish at shutdown.' },
    '10s',
  ),
  drainDelay: durationSetting(
    'HOLDFAST_DRAIN_DELAY',
    { minMs: 0, maxMs: MINUTE },
    {
      description:
        'How long /ready says no at shutdown before connections are refused: as long as a load balancer takes to notice.',
    },
    '0s',
  ),
  cleanupHour: choiceSetting(
    'HOLDFAST_CLEANUP_HOUR',
    HOURS,
    {
      description:
        'The hour, in UTC, within which the keeper cleans the database up each day; off for never.',
    },
    '3',
  ),
  cleanupRetention: durationSetting(
    'HOLDFAST_CLEANUP_RETENTION',
    { minMs: 0, maxMs: CENTURY },
    { description: 'How long the cleanup keeps sessions and tokens that have ended.' },
    '7d',
  ),
  cleanupDeletedRetention: optional(
    durationSetting(
      'HOLDFAST_CLEANUP_DELETED_RETENTION',
      { minMs: 0, maxMs: CENTURY },
      {
        description:
          'How long the daily cleanup keeps deleted rows, such as accounts, which can be restored until then. Default: for ever.',
        example: '30d',
      },
    ),
  ),
  cleanupAuditRetention: optional(
    durationSetting(
      'HOLDFAST_CLEANUP_AUDIT_RETENTION',
      { minMs: DAY, maxMs: CENTURY },
      {
        description: 'How long the daily cleanup keeps audit entries. Default: for ever.',
        example: '365d',
      },
    ),
  ),
  cleanupPolicy: optional(
    textSetting('HOLDFAST_CLEANUP_POLICY', {
      description: 'A file of policies for the cleanup: tables of your own, and other retentions.',
      example: '/etc/holdfast/cleanup.json',
    }),
  ),
  healthInterval: durationSetting(
    'HOLDFAST_HEALTH_INTERVAL',
    { minMs: 5 * SECOND, maxMs: DAY },
    { description: "How often the keeper examines the database's health with the quick entries." },
    '1m',
  ),
  detailedHealthInterval: durationSetting(
    'HOLDFAST_DETAILED_HEALTH_INTERVAL',
    { minMs: MINUTE, maxMs: 30 * DAY },
    { description: 'How often the keeper examines it with all entries.' },
    '1h',
  ),
  healthThresholds: optional(
    textSetting('HOLDFAST_HEALTH_THRESHOLDS', {
      description:
        'A JSON file with limits of health entries instead of the defaults; holdfast detailed-health --list shows them.',
      example: '/etc/holdfast/health.json',
    }),
  ),
  postgresBin: optional(
    textSetting('HOLDFAST_POSTGRES_BIN', {
      description:
        'Where pg_dump and pg_restore are, for logical backups. Default: on the PATH, or in the usual places of packages.',
      example: '/usr/lib/postgresql/18/bin',
    }),
  ),
  backups: listSetting('HOLDFAST_BACKUPS', {
    description:
      'Where backups are kept, comma-separated: directories (relative ones below the state directory), and buckets as s3://bucket/prefix?endpoint=https://…&region=…. Each backup goes to all of them. Default: backups in the state directory.',
    example: '/var/backups/holdfast,s3://backups/shop?region=eu-central-1',
    show: item => (URL.canParse(item) ? maskUrl(item) : item),
  }),
  backupDir: optional(
    textSetting('BACKUP_DIR', {
      description: 'One directory for backups; HOLDFAST_BACKUPS wins.',
      example: '/var/backups/holdfast',
    }),
  ),
  backupCompression: choiceSetting(
    'HOLDFAST_BACKUP_COMPRESSION',
    ['zstd', 'gzip', 'none'],
    { description: 'How backups are compressed.' },
    'zstd',
  ),
  backupRecipients: listSetting('HOLDFAST_BACKUP_RECIPIENTS', {
    description:
      'Who backups are encrypted for: recipients of age, comma-separated. Without any they are not encrypted.',
    example: 'age1…',
    show: redactText,
  }),
  backupIdentity: optional(
    textSetting('HOLDFAST_BACKUP_IDENTITY', {
      description:
        'The file with the identity that decrypts backups, as age-keygen writes it. Needed to restore and to drill, not to back up: keep it elsewhere, too.',
      example: '/run/secrets/backup-identity.txt',
    }),
  ),
  backupKeep: backupRulesSetting(
    'HOLDFAST_BACKUP_KEEP',
    {
      description:
        'Which backups stay when old ones are removed: all, or rules of which one is enough. last=N, within=TIME, the newest of each of daily=N, weekly=N, monthly=N, yearly=N that have one, and window=TIME: what it takes to go back to any moment within that time. The last valid backup always stays.',
    },
    'last=3,within=7d,weekly=4,window=7d',
  ),
  backupInterval: intervalSetting(
    'HOLDFAST_BACKUP_INTERVAL',
    { minMs: MINUTE, maxMs: 365 * DAY },
    { description: 'How often the keeper makes a backup; off for never.' },
    '1d',
  ),
  walArchive: choiceSetting(
    'HOLDFAST_WAL_ARCHIVE',
    ['on', 'off'],
    {
      description:
        'Whether the keeper archives the WAL of the embedded PostgreSQL beside the backups, so that any moment can be restored.',
    },
    'on',
  ),
  drillInterval: intervalSetting(
    'HOLDFAST_DRILL_INTERVAL',
    { minMs: MINUTE, maxMs: 365 * DAY },
    { description: 'How often the keeper restores the newest backup beside and compares it; off for never.' },
    '7d',
  ),
  logLevel: choiceSetting(
    'HOLDFAST_LOG_LEVEL',
    ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    { description: 'The least severe level that is logged.' },
    'info',
  ),
  adminEmail: textSetting(
    'HOLDFAST_ADMIN_EMAIL',
    { description: 'The administrator created at the first start.' },
    'admin@example.com',
  ),
  postgresPort: integerSetting(
    'HOLDFAST_POSTGRES_PORT',
    PORTS,
    { description: 'The port of the embedded PostgreSQL. 0 picks a free one.' },
    '0',
  ),
  postgresUser: optional(
    textSetting('HOLDFAST_POSTGRES_USER', {
      description:
        'The system user that runs the embedded PostgreSQL when Holdfast is started by root. Default: postgres, else nobody.',
      example: 'postgres',
    }),
  ),
  postgresDir: textSetting(
    'HOLDFAST_POSTGRES_DIR',
    {
      description:
        'Where root keeps embedded databases that the system user could not reach inside the state directory.',
      example: '/var/lib/holdfast',
    },
    '/var/lib/holdfast',
  ),
} as const satisfies Record<string, Setting<unknown>>;

export type SettingKey = keyof typeof SETTINGS;

/** The effective configuration: one parsed value per setting. Durations are in milliseconds. */
export type Settings = { readonly [K in SettingKey]: ReturnType<(typeof SETTINGS)[K]['parse']> };
