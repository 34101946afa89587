import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatViolation, RULES } from '../scripts/architecture/check-architecture.ts';
import { allFiles, readProject } from '../scripts/architecture/project.ts';

const project = await readProject(join(import.meta.dirname, '..'));

test('the project is read', () => {
  const paths = allFiles(project).map(file => file.path);
  assert.ok(paths.includes('packages/core/src/index.ts'));
  assert.ok(paths.includes('test/architecture.test.ts'));
  assert.ok(project.workspaces.some(workspace => workspace.manifest.name === '@holdfast/server'));
});

for (const [name, rule] of Object.entries(RULES)) {
  test(`the sources keep the rule: ${name}`, () => {
    assert.deepEqual(rule(project).map(formatViolation), []);
  });
}
