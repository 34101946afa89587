import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SurveyedBackup } from '@holdfast/database/backup';
import { summarize, validationText } from './describe-backup.ts';

const AT = '2026-11-21T12:00:00.000Z';

function drilled(checksums: readonly (string | null)[]): SurveyedBackup {
  const tables = checksums.map(checksum => ({ checksum }));
  const validation = { level: 'drill', at: AT, result: 'valid', problems: [] };
  return {
    manifest: { createdAt: AT, files: [], databases: [{ name: 'app', tables }], server: {} },
    copies: [
      { repository: { destination: { name: '/b' } }, backup: { bytes: 1, validations: [validation] } },
    ],
  } as unknown as SurveyedBackup;
}

function text(backup: SurveyedBackup): string {
  const now = Date.parse(AT) + 3_600_000;
  return validationText(summarize(backup, now).destinations[0]?.drill ?? null, now);
}

test('a drill says of how many tables it compared the rows, when the backup does not describe all', () => {
  assert.equal(text(drilled(['1', null, null])), 'drill valid, rows of 1 of 3 tables, 1h ago');
  assert.equal(text(drilled(['1', '2'])), 'drill valid, 1h ago');
});
