/** Every rule, whether what it finds is refused, and in one line what it is about. */
export const LINT_RULES = {
  'volatile-default': ['refuse', 'a new column with a default that is computed for each row'],
  'rewriting-column': [
    'refuse',
    'a new column that writes the whole table anew: serial, identity, stored, checked domain',
  ],
  'not-null-column': ['refuse', 'a new NOT NULL column without a default'],
  'index-not-concurrent': ['refuse', 'an index built while writes wait'],
  'drop-index-not-concurrent': ['refuse', 'an index dropped while the table is locked'],
  'reindex-not-concurrent': ['refuse', 'an index rebuilt while the table is locked'],
  'concurrently-in-transaction': [
    'refuse',
    'CONCURRENTLY, or another statement that refuses a transaction, inside of one',
  ],
  'transaction-control': ['refuse', 'BEGIN, COMMIT or ROLLBACK inside a transactional migration'],
  'set-not-null': ['refuse', 'a column made NOT NULL without a validated check'],
  'add-check': ['refuse', 'a CHECK constraint that reads the whole table under the strongest lock'],
  'add-foreign-key': ['refuse', 'a foreign key that reads both tables while writes to both wait'],
  'add-unique': [
    'refuse',
    'a UNIQUE or PRIMARY KEY constraint that builds its index under the strongest lock',
  ],
  'add-exclusion': ['refuse', 'an EXCLUDE constraint, which can only be built under the strongest lock'],
  'validate-in-same-transaction': ['refuse', 'VALIDATE while the lock of the ADD is still held'],
  'domain-constraint': ['refuse', 'a constraint on a domain that reads every table using it'],
  'change-column-type': ['refuse', 'a type change that writes the table or its indexes anew, or reads it'],
  'rename-column': ['refuse', 'a column renamed under running code'],
  'rename-table': ['refuse', 'a table, type or schema renamed or moved under running code'],
  'drop-column': ['refuse', 'a column dropped under running code'],
  'drop-table': ['refuse', 'a table or view dropped under running code'],
  'drop-cascade': ['refuse', 'CASCADE, which drops what the file does not name'],
  'drop-not-null': ['warn', 'NOT NULL taken from a column whose readers rely on it'],
  'drop-key': [
    'warn',
    'a unique or primary key dropped that ON CONFLICT, foreign keys or replication rely on',
  ],
  'create-trigger': ['warn', 'a trigger or rule on a table in use'],
  'disable-trigger': ['refuse', 'triggers switched off, and with them foreign keys'],
  'row-security-without-policy': ['refuse', 'row security switched on for a table without a policy'],
  'row-security-off': ['refuse', 'row security switched off, so that everybody sees every row'],
  'enum-value-in-same-transaction': ['refuse', 'a new enum value used before it is committed'],
  'rename-enum-value': ['refuse', 'an enum value renamed under running code'],
  'rewrite-table': [
    'refuse',
    'VACUUM FULL, CLUSTER, SET TABLESPACE, SET LOGGED and others that write the table anew',
  ],
  'lock-table': ['refuse', 'a table locked on purpose'],
  'refresh-not-concurrent': ['refuse', 'a materialized view that cannot be read while it is refreshed'],
  truncate: ['refuse', 'a table emptied'],
  'change-all-rows': ['refuse', 'UPDATE or DELETE of every row in one statement'],
  'long-work-under-lock': ['refuse', 'long work in a transaction that already holds a strong lock'],
  'no-lock-timeout': ['refuse', 'waiting for a lock without a limit, with everybody else queueing behind'],
  'timeout-before-concurrently': ['refuse', 'a short time limit that leaves an invalid index behind'],
  'if-not-exists-concurrently': ['warn', 'IF NOT EXISTS, which takes an invalid index for a good one'],
  'attach-partition': ['refuse', 'a partition attached without a check that proves its bounds'],
  'default-partition': ['refuse', 'a new partition beside a default one, which is read through'],
  'detach-partition': ['refuse', 'a partition detached while its parent is locked'],
  'untrusted-extension': ['warn', 'an extension that only a superuser can create, or that is updated'],
  'opaque-block': ['warn', 'a block or call whose statements cannot be seen'],
  'syntax-error': ['refuse', 'a statement that PostgreSQL cannot parse'],
  'invalid-file': ['refuse', 'a file that cannot be read as a migration'],
  'allow-without-reason': ['refuse', 'an allowance that gives no reason'],
  'allow-unknown-rule': ['refuse', 'an allowance for a rule that does not exist'],
  'allow-unused': ['warn', 'an allowance for something that was not found'],
} as const satisfies Record<string, readonly [level: 'refuse' | 'warn', title: string]>;

export type RuleName = keyof typeof LINT_RULES;

export function isRuleName(name: string): name is RuleName {
  return Object.hasOwn(LINT_RULES, name);
}
