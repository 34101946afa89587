import {
  type Check,
  type CheckResult,
  type Fault,
  isSighting,
  type Observation,
  type ObservationView,
} from '../engine/index.ts';
import type { DependencyAudit, FindingKind } from './audit.ts';

const AUDIT = 'dependencies.audit';
const SERVER_LOG = 'logs.server';
const INSTALLED = 'dependencies.installed';
const SHOWN = 3;

interface AuditSighting {
  readonly directory: string;
  readonly problems: readonly {
    readonly kind: FindingKind;
    readonly package: string;
    readonly summary: string;
  }[];
  readonly packages: number;
  readonly advisoriesAsked: boolean;
  readonly whyNotAsked: string;
}

/** An audit as the doctor's probes tell what they saw. */
export function dependencyObservation(audit: DependencyAudit): Observation {
  const { directory, findings, packages, advisories, source } = audit;
  const head = {
    id: AUDIT,
    probe: 'dependencies',
    subject: `project:${audit.name === '' ? directory : audit.name}`,
  };
  if (source === 'nothing')
    return {
      ...head,
      couldNotLook: 'no version of a package is known: no lock was read, and nothing is installed',
    };
  const saw: AuditSighting = {
    directory,
    packages,
    problems: findings
      .filter(({ severity }) => severity === 'problem')
      .map(({ kind, package: name, summary }) => ({ kind, package: name, summary })),
    advisoriesAsked: advisories.asked,
    whyNotAsked: advisories.asked ? '' : advisories.why,
  };
  return { ...head, saw: { ...saw } };
}

/**
 * What an audit means for the system. Never more than degraded, for packages that are doubled, drifted or vulnerable break nothing by
 * themselves; but a package that is not there and that the server's last words ask for is what ended it.
 */
export const DEPENDENCY_CHECKS: readonly Check[] = [
  check(
    INSTALLED,
    'What package.json asks for is locked and installed',
    ['lock_drift', 'not_installed', 'installed_drift'],
    missedByServer,
  ),
  check(
    'dependencies.single',
    'Packages of which there must be one are there once, with the peers they accept',
    ['duplicate', 'peer'],
  ),
  check('dependencies.engines', 'The packages suit the Node.js that runs them', ['engine']),
  check(
    'dependencies.vulnerabilities',
    'No package has a known vulnerability',
    ['vulnerable'],
    undefined,
    ({ advisoriesAsked, whyNotAsked }) =>
      advisoriesAsked ? undefined : `the registry could not be asked: ${whyNotAsked}`,
  ),
];

type Judge = (saw: AuditSighting, view: ObservationView) => CheckResult | undefined;

function check(
  id: string,
  title: string,
  kinds: readonly FindingKind[],
  proven: Judge = () => undefined,
  unseen: (saw: AuditSighting) => string | undefined = () => undefined,
): Check {
  const evaluate = (view: ObservationView): readonly CheckResult[] => {
    const observation = view.get(AUDIT);
    if (observation === undefined) return [];
    const evidence = [AUDIT];
    if (!isSighting(observation)) return [{ outcome: 'unknown', detail: observation.couldNotLook, evidence }];
    // made by dependencyObservation, and by nothing else
    const saw = observation.saw as unknown as AuditSighting;
    const why = unseen(saw);
    if (why !== undefined) return [{ outcome: 'unknown', detail: why, evidence }];
    const own = saw.problems.filter(({ kind }) => kinds.includes(kind));
    const detail = own
      .slice(0, SHOWN)
      .map(({ summary }) => summary)
      .join(' ');
    const more = own.length > SHOWN ? ` And ${own.length - SHOWN} more.` : '';
    const otherwise: CheckResult =
      own.length === 0
        ? { outcome: 'pass', detail: `${saw.packages} packages looked at`, evidence }
        : { outcome: 'degraded', detail: `${detail}${more}`, evidence };
    return [proven(saw, view) ?? otherwise];
  };
  return { id, layer: 'process', title, evaluate };
}

/** What Node.js says when an import or a require finds nothing. */
const NOT_FOUND = /Cannot find (?:package|module) '((?:@[^/']+\/)?[^/'.][^/']*)/;

function missedByServer({ problems }: AuditSighting, view: ObservationView): CheckResult | undefined {
  const log = view.get(SERVER_LOG);
  const words = isSighting(log) ? String(log.saw.lastWords ?? '') : '';
  const [, name] = NOT_FOUND.exec(words) ?? [];
  const missing = problems.find(({ kind, package: own }) => kind === 'not_installed' && own === name);
  if (missing === undefined) return undefined;
  const detail = `${missing.summary} The server ended because of it: ${words}`;
  return { outcome: 'fail', detail, subject: `package:${missing.package}`, evidence: [AUDIT, SERVER_LOG] };
}

/** What packages can do to a server. */
export const DEPENDENCY_FAULTS: readonly Fault[] = [
  {
    code: 'package_not_installed',
    layer: 'process',
    subject: { of: INSTALLED, general: 'package' },
    summary: ({ subject }) =>
      `A package that the API server needs is not installed${subject === undefined ? '' : `: ${subject.slice(subject.indexOf(':') + 1)}`}.`,
    mechanism: () =>
      'The server ends while it loads its modules, before it listens, and does so again at every start.',
    mustFail: [`${INSTALLED}@$`, 'process.server_exit'],
    mayFail: [
      'process.server',
      'process.stable',
      'api.port',
      'api.responds',
      'api.health',
      'api.ready',
      'proxy.forwards',
    ],
    mustPass: [],
    // one outcome tells them apart: whether a package is missing that the last words ask for
    indistinguishableFrom: ['api_process_down'],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: [
        "Install what the lock says, in the server's directory: npm ci.",
        'Start the server again: holdfast start, or holdfast serve when it runs alone.',
      ],
      undo: 'None needed.',
    }),
  },
];
