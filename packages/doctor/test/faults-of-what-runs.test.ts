import { describe, it } from 'node:test';
import {
  apiClockAhead,
  apiHung,
  apiProcessDown,
  audienceChanged,
  canChangeClocks,
  canMountDisks,
  collationChanged,
  connectionLimitReached,
  connectionsLeftInTransactions,
  databaseAddressWrong,
  databaseFilesGone,
  databaseHostUnknown,
  databaseHung,
  databaseLoginRefused,
  databaseMissing,
  databaseNotAccepting,
  databaseReadOnly,
  databaseStopped,
  diskFull,
  encryptionKeyChanged,
  type FaultInjection,
  indexDamaged,
  issuerChanged,
  keyringAmbiguous,
  keyringMixedUp,
  keyringOpenToOthers,
  keyringRemoved,
  poolOfOne,
  preparedTransactionForgotten,
  refreshTokenTtlInWrongUnit,
  replicaWithOtherIssuer,
  replicaWithOtherKeys,
  roleExpired,
  searchPathChanged,
  sessionTtlTooShort,
  signingKeyChanged,
  storageDamagesPages,
  tooManyConnections,
  transactionIdsRunningOut,
  wrongDatabasePassword,
} from '@holdfast/testing';
import { type NamedFault, testEach } from './name-faults.ts';

const FAULTS: readonly NamedFault[] = [
  // while the log of the server is still short: nothing else tells what the issuer was
  [
    issuerChanged,
    /^The variable HOLDFAST_ISSUER was changed, so access tokens from before are refused; /,
    /^Put the old value of HOLDFAST_ISSUER back, and restart the servers\.$/,
  ],
  [
    audienceChanged,
    /^The variable HOLDFAST_AUDIENCE was changed, so access tokens from before are refused; /,
  ],
  [
    apiProcessDown,
    /^The API server process is not running; the database is fine \(connected as holdfast_app in [\d.]+ ms, 17 of 17 tables present, 0 of 1 live session without a refresh token family, 7 of 7 required permissions granted\)\.$/,
  ],
  [
    apiHung,
    /^The API server process is alive but does not answer; the database is fine \(/,
    /^Let the process go on: kill -CONT \d+\.$/,
  ],
  [
    databaseFilesGone,
    /^The files of the database are gone: a backup has to be restored\.$/,
    /^If its disk is only not mounted: /,
  ],
  [databaseStopped, /^PostgreSQL, the database server, is not running\.$/],
  [
    databaseHung,
    /^PostgreSQL accepts connections but does not answer\.$/,
    /^Let PostgreSQL go on: kill -CONT \d+\. If its sessions were suspended as well: pkill -CONT -P \d+\.$/,
  ],
  [wrongDatabasePassword, /^PostgreSQL refuses the password of the role holdfast_app\.$/],
  [tooManyConnections(), /^PostgreSQL has no free connection left\.$/],
  [
    connectionLimitReached,
    /^The role holdfast_app has reached its own limit of connections\.$/,
    /^alter role holdfast_app connection limit -1;$/,
  ],
  [
    roleExpired,
    /^The password of the role holdfast_app has expired\.$/,
    /^alter role holdfast_app valid until 'infinity';$/,
  ],
  [
    searchPathChanged,
    /^Sessions of the role holdfast_app begin with another search path than before\.$/,
    /^alter role holdfast_app reset search_path;$/,
  ],
  [databaseMissing, /^The database "holdfast" does not exist on this PostgreSQL server\.$/],
  [databaseNotAccepting, /^PostgreSQL is starting, recovering or stopping, and takes no sessions\.$/],
  [
    databaseLoginRefused,
    /^PostgreSQL does not allow the role holdfast_app to connect\.$/,
    /^alter role holdfast_app login;$/,
  ],
  [
    connectionsLeftInTransactions(),
    /^Sessions of the role holdfast_app hold every connection and do nothing: they have left their transactions open\.$/,
    /^End them: select pg_terminate_backend\(pid\) /,
  ],
  [preparedTransactionForgotten, /^A prepared transaction was never finished\.$/],
  [transactionIdsRunningOut, /^PostgreSQL is running out of transaction ids\.$/],
  [storageDamagesPages, /^Pages of the database came back from the disk otherwise than they were written\.$/],
  [collationChanged, /^The order of text has changed under the indexes of the database\.$/],
  [
    indexDamaged,
    /^The index roles_deleted_at is damaged\.$/,
    /^reindex index concurrently roles_deleted_at\.$/,
  ],
  [
    databaseReadOnly,
    /^The database takes no changes: it is a standby or set to read-only\.$/,
    /^alter database holdfast reset default_transaction_read_only;$/,
  ],
  [databaseAddressWrong(), /^The database URL points to 127\.0\.0\.1:\d+, where no PostgreSQL answers\.$/],
  [
    databaseHostUnknown(),
    /^The database URL points to database\.holdfast\.invalid:\d+, where no PostgreSQL answers\.$/,
  ],
  [
    signingKeyChanged,
    /^The keys of the tokens were replaced without a rotation, so every token issued before is refused /,
  ],
  [
    encryptionKeyChanged,
    /^The key of encrypted fields is gone from the keyring, so what it encrypted cannot be read \(encrypt key \S+ vanished from the keyring; 1 row of the database cannot be decrypted\); the database is fine /,
    /^Put the former key back into the keyring from the backup of keyring\.json/,
  ],
  [
    replicaWithOtherKeys(),
    /^Behind the address of the API are processes with different keys or issuers \(of 4 requests at once some are answered with the keys /,
    /^Find out which keyring was there first: /,
  ],
  [
    replicaWithOtherIssuer(),
    /^Behind the address of the API are processes with different keys or issuers \(of 4 requests at once some are answered with the issuer /,
  ],
  [
    refreshTokenTtlInWrongUnit,
    /^The variable HOLDFAST_REFRESH_TOKEN_TTL makes sessions end before their access tokens do; the database is fine /,
  ],
  [
    sessionTtlTooShort,
    /^The variable HOLDFAST_SESSION_TTL makes sessions end before their access tokens do; /,
  ],
  [poolOfOne, /^The API server has a single database connection, so requests wait for one another; /],
  [
    keyringRemoved,
    /^The keyring, which holds the keys of all tokens, is not usable \(there is no keyring at /,
  ],
  [
    keyringMixedUp,
    /^The keyring, .* is not usable \(\S+keyring\.json is not usable: the kid of key \d does not belong to its material\); /,
    /^Put keyring\.json back from its backup/,
  ],
  [
    keyringAmbiguous,
    /^The keyring, .* is not usable \(\S+keyring\.json is not usable: it has 2 current keys for "refresh"; there must be one\); /,
  ],
  [
    keyringOpenToOthers,
    /^The keyring, .* is not usable \(\S+keyring\.json is not usable: other users can read it \(mode 644\)\); /,
    /^Close it to other users: chmod 600 \/\S+\/keyring\.json\./,
  ],
];

describe('each fault of what runs, on a running system', () => {
  const assertNamed = testEach(FAULTS);

  /** Faults that need what not every machine has, with why they are left out there. */
  const ELSEWHERE: readonly (readonly [FaultInjection, RegExp, () => Promise<boolean>, string])[] = [
    [
      apiClockAhead,
      /^The clocks of the machines disagree \(database 0 s, API 600 s ahead of this machine\); the database is fine /,
      canChangeClocks,
      'needs libfaketime, which Debian has as faketime',
    ],
    [
      diskFull,
      /^The disk of the state directory is full \(\d+ MiB free on the disk of \S+\); the database is fine /,
      canMountDisks,
      'needs to mount a disk',
    ],
  ];

  for (const [fault, firstLine, canInject, why] of ELSEWHERE) {
    it(`${fault.name}: ${fault.expected.code}, and nothing else`, async t => {
      if (await canInject()) await assertNamed(fault, firstLine);
      else t.skip(why);
    });
  }
});
