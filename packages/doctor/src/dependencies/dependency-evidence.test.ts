import assert from 'node:assert/strict';
import { it } from 'node:test';
import { diagnose } from '../diagnose.ts';
import { type Observation, runChecks } from '../engine/index.ts';
import { CODEBOOK } from '../faults/index.ts';
import type { DependencyAudit, DependencyFinding } from './audit.ts';
import { DEPENDENCY_CHECKS, dependencyObservation } from './dependency-evidence.ts';

function audit(
  findings: readonly Pick<DependencyFinding, 'kind' | 'severity' | 'package'>[],
): DependencyAudit {
  return {
    ...{
      schemaVersion: 1,
      status: 'problems',
      directory: '/shop',
      name: 'shop',
      manager: 'npm',
      lock: '',
      source: 'lock',
    },
    ...{ packages: 7, projects: ['.'], node: '24.0.0', installScripts: [], limits: [] },
    advisories: { asked: false, wanted: true, why: 'it hangs' },
    findings: findings.map(finding => ({
      ...{ versions: [], where: [], why: '', remedy: '', summary: `${finding.package} is ${finding.kind}.` },
      ...finding,
    })),
  };
}

const MISSING = { kind: 'not_installed', severity: 'problem', package: '@scope/left' } as const;

function outcomes(found: DependencyAudit, lastWords?: string) {
  const log: Observation[] =
    lastWords === undefined ? [] : [{ id: 'logs.server', probe: 'logs', subject: 'log', saw: { lastWords } }];
  return runChecks(DEPENDENCY_CHECKS, [dependencyObservation(found), ...log]);
}

const short = (found: DependencyAudit, lastWords?: string) =>
  outcomes(found, lastWords).map(({ id, outcome }) => `${outcome} ${id}`);

it('makes problems degraded, notes nothing, and no answer of the registry unknown', () => {
  const found = audit([
    { kind: 'duplicate', severity: 'problem', package: 'react' },
    { kind: 'engine', severity: 'note', package: 'old' },
  ]);
  assert.deepEqual(short(found), [
    'pass dependencies.installed',
    'degraded dependencies.single',
    'pass dependencies.engines',
    'unknown dependencies.vulnerabilities',
  ]);
  assert.deepEqual(
    runChecks(DEPENDENCY_CHECKS, [dependencyObservation({ ...found, source: 'nothing' })]).map(
      ({ outcome }) => outcome,
    ),
    ['unknown', 'unknown', 'unknown', 'unknown'],
  );
  assert.deepEqual(runChecks(DEPENDENCY_CHECKS, []), []);
});

it('fails only where the server itself asks for the package that is not there', () => {
  const found = audit([MISSING]);
  const own = (lastWords?: string) => short(found, lastWords)[0];
  assert.equal(own(), 'degraded dependencies.installed');
  assert.equal(own("Cannot find package 'other' imported from /x.js"), 'degraded dependencies.installed');
  assert.equal(own("Cannot find module './@scope/left'"), 'degraded dependencies.installed');
  assert.equal(
    own("Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@scope/left/part' imported from /x.js"),
    'fail dependencies.installed@package:@scope/left',
  );
});

it('is then the cause of a server that does not run', () => {
  const words = "Cannot find package '@scope/left' imported from /x.js";
  const failed = (check: string, layer: 'process' | 'api') => ({
    ...{ id: check, check, layer, title: check, outcome: 'fail' as const, detail: words, evidence: [] },
  });
  const checks = [
    ...outcomes(audit([MISSING]), words),
    failed('process.server', 'process'),
    failed('process.server_exit', 'process'),
    failed('api.port', 'api'),
  ];
  const { rootCauses, unexplained, undecided } = diagnose(checks, CODEBOOK);
  assert.deepEqual([unexplained, undecided], [[], []]);
  assert.deepEqual(
    rootCauses.map(({ code, subject, confidence }) => [code, subject, confidence]),
    [['package_not_installed', 'package:@scope/left', 'certain']],
  );
});
