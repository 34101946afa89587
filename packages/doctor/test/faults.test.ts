import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  apiHung,
  apiProcessDown,
  builtInRoleMissing,
  columnMissing,
  constraintMissing,
  databaseAddressWrong,
  databaseHung,
  databaseMissing,
  databaseReadOnly,
  databaseRolledBack,
  databaseStopped,
  everythingStopped,
  type FaultInjection,
  indexMissing,
  keyringAmbiguous,
  keyringMixedUp,
  keyringOpenToOthers,
  keyringRemoved,
  migrationsPending,
  permissionNotGranted,
  portTaken,
  refreshTokensTruncated,
  requiredVariableUnset,
  rolePermissionsDeleted,
  type Stack,
  signingKeyChanged,
  tableMissing,
  tooManyConnections,
  variableInvalid,
  wrongDatabasePassword,
} from '@holdfast/testing';
import { type Diagnosis, exitCode, renderDiagnosis } from '../src/index.ts';
import { assertSchema } from './assert-schema.ts';
import { diagnose, stackWithUsers } from './examination.ts';

/** Each fault with what the first line for people must say, and how the plan begins where that is not the same for all. */
const FAULTS: readonly (readonly [FaultInjection, RegExp, RegExp?])[] = [
  [
    apiProcessDown,
    /^The API server process is not running; the database is fine \(connected as holdfast_app in [\d.]+ ms, 15 of 15 tables present, 0 of 1 live session without a refresh token family, 7 of 7 required permissions granted\)\.$/,
  ],
  [
    apiHung,
    /^The API server process is alive but does not answer; the database is fine \(/,
    /^Let the process go on: kill -CONT \d+\.$/,
  ],
  [databaseStopped, /^PostgreSQL, the database server, is not running\.$/],
  [
    databaseHung,
    /^PostgreSQL accepts connections but does not answer\.$/,
    /^Let PostgreSQL go on: kill -CONT \d+\. If its sessions were suspended as well: pkill -CONT -P \d+\.$/,
  ],
  [wrongDatabasePassword, /^PostgreSQL refuses the password of the role holdfast_app\.$/],
  [tooManyConnections(), /^PostgreSQL has no free connection left\.$/],
  [databaseMissing, /^The database "holdfast" does not exist on this PostgreSQL server\.$/],
  [databaseReadOnly, /^The database takes no changes: it is a standby or set to read-only\.$/],
  [databaseAddressWrong(), /^The database URL points to 127\.0\.0\.1:\d+, where no PostgreSQL answers\.$/],
  [
    signingKeyChanged,
    /^The keys of the tokens were replaced without a rotation, so every token issued before is refused /,
  ],
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
  [tableMissing('audit_log'), /^The table audit_log is missing from the database\.$/],
  [tableMissing('sessions'), /^The table sessions is missing from the database\.$/],
  [tableMissing('users'), /^The table users is missing from the database\.$/],
  [tableMissing('user_profiles'), /^The table user_profiles is missing from the database\.$/],
  [columnMissing('users', 'last_login_at'), /^The column users\.last_login_at is missing/],
  [columnMissing('sessions', 'user_id'), /^The column sessions\.user_id is missing/],
  [indexMissing('sessions_expiry'), /^The index sessions_expiry is missing/],
  [
    constraintMissing('sessions', 'sessions_user_id_fkey'),
    /^The constraint sessions\.sessions_user_id_fkey is missing/,
  ],
  [migrationsPending, /^The database schema is older than this version \(1 migration not applied: /],
  [rolePermissionsDeleted, /^No role grants any permission any more: the table role_permissions is empty\.$/],
  [
    permissionNotGranted('audit:read'),
    /^No role has the permission audit:read, so nobody can use what asks for it\.$/,
  ],
  [builtInRoleMissing('admin'), /^The built-in role admin is missing or disabled\.$/],
  [
    databaseRolledBack(),
    /^The database is older than the sessions that were ended: it was put back to an earlier state\.$/,
    /^Stop the servers, so that nobody uses a session that was ended: holdfast stop\.$/,
  ],
  [refreshTokensTruncated, /^The refresh tokens of signed-in users are gone from the database\.$/],
  [
    requiredVariableUnset,
    /^The API server cannot start because the variable DATABASE_URL is not set; the database is fine \(/,
  ],
  [
    variableInvalid,
    /^The API server cannot start because the variable HOLDFAST_ACCESS_TOKEN_TTL has a value that cannot be used; /,
  ],
  [portTaken(), /^The port \d+ of the API belongs to another program, so the API server cannot run there; /],
  [everythingStopped, /^Holdfast is not running: it was stopped, and nothing here has crashed\.$/],
];

function causesOf({ rootCauses }: Diagnosis): FaultInjection['expected'][] {
  return rootCauses.map(({ code, layer, subject }) => ({ code, layer, subject }));
}

/** Neither the passwords of the database nor the material of the keys are in what leaves the doctor. */
async function assertNoSecrets({ cluster, home }: Stack, diagnosis: Diagnosis): Promise<void> {
  const urls = [cluster.appUrl, cluster.ownerUrl, cluster.superuserUrl];
  const keyring = await readFile(join(home, 'keyring.json'), 'utf8').catch(() => '{"keys":[]}');
  const { keys } = JSON.parse(keyring) as { keys: { secret?: string; privateJwk?: { d: string } }[] };
  const material = keys.flatMap(({ secret, privateJwk }) => secret ?? privateJwk?.d ?? []);
  const text = JSON.stringify(diagnosis) + renderDiagnosis(diagnosis, { verbose: true });
  for (const secret of [...urls.map(url => new URL(url).password), ...material]) {
    assert.ok(secret.length > 20 && !text.includes(secret), 'no secret leaves the doctor');
  }
}

describe('each fault on a running system', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });

  after(() => stack.close());

  for (const [fault, firstLine, firstStep = /^[A-Z]/] of FAULTS) {
    it(`${fault.name}: ${fault.expected.code}, and nothing else`, async () => {
      await fault.inject(stack);
      try {
        const diagnosis = await diagnose(stack);
        assert.deepEqual(causesOf(diagnosis), [{ ...fault.expected }]);
        assert.deepEqual([diagnosis.undecided, diagnosis.unexplained], [[], []]);
        assert.match(renderDiagnosis(diagnosis).split('\n')[0] ?? '', firstLine);
        assert.match(diagnosis.rootCauses[0]?.repair.steps[0] ?? '', firstStep);
        assert.equal(exitCode(diagnosis), 1);
        assertSchema(diagnosis);
        await assertNoSecrets(stack, diagnosis);
        assert.ok(diagnosis.timings.durationMs < 10_000, 'the doctor takes less than ten seconds');
      } finally {
        await fault.heal(stack);
      }
      assert.equal((await diagnose(stack)).headline, 'Everything that was examined works.');
    });
  }
});
