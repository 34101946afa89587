import type { DependencyAudit } from '../../dependencies/index.ts';
import type { Diagnosis } from '../../diagnosis.ts';
import type { Layer } from '../../engine/index.ts';
import { checksOf, countChecks, fromReading, observationsTable, plural, toneOf } from './blocks.ts';
import { worst } from './database-health.ts';
import type { Block, Cell, Deliverable, Tone } from './document.ts';
import { type Readings, readOf } from './readings.ts';

const LAYERS: readonly Layer[] = ['proxy', 'realtime', 'worker', 'external', 'frontend'];
const SEEN = ['proxy.port', 'proxy.health', 'time.clocks', 'database.address'];
const MAX_FINDINGS = 40;

/** The integration report: what stands between the parts, from the way through the proxy to the packages they are made of. */
export function integration(diagnosis: Diagnosis, readings: Readings): Deliverable {
  const audit = readOf(readings.dependencies);
  return {
    id: 'integration',
    title: 'Integration',
    tone: worst(toneOf(diagnosis, LAYERS), auditTone(audit)),
    lead: `${countChecks(diagnosis, LAYERS)}${audit === undefined ? '' : ` ${auditText(audit)}`}`,
    sections: [
      {
        title: 'Directly and through the proxy',
        blocks: [observationsTable(diagnosis, SEEN, 'How the parts reach each other')],
      },
      ...LAYERS.map(layer => ({
        title: TITLES[layer] ?? layer,
        blocks: [checksOf(diagnosis, [layer], `Checks of the layer ${layer}`)],
      })),
      {
        title: 'Dependencies',
        blocks: fromReading(readings.dependencies, 'The dependencies', dependencyBlocks),
      },
    ],
  };
}

const TITLES: Readonly<Partial<Record<Layer, string>>> = {
  proxy: 'Proxy',
  realtime: 'WebSocket and other live connections',
  worker: 'Workers and queues',
  external: 'External services',
  frontend: 'Frontend',
};

function auditTone(audit: DependencyAudit | undefined): Tone {
  if (audit === undefined) return 'plain';
  if (audit.findings.some(({ severity }) => severity === 'problem')) return 'warn';
  return audit.advisories.asked ? 'good' : 'plain';
}

function auditText({ findings, packages }: DependencyAudit): string {
  const problems = findings.filter(({ severity }) => severity === 'problem').length;
  return `Of ${plural(packages, 'package')} in its dependencies, ${plural(problems, 'problem')} ${problems === 1 ? 'is' : 'are'} known.`;
}

function dependencyBlocks(audit: DependencyAudit): Block[] {
  const { advisories, findings, packages, lock } = audit;
  const asked = advisories.asked
    ? `The registry was asked about known vulnerabilities of ${plural(advisories.packages, 'package')}.`
    : `The registry could not be asked about known vulnerabilities: ${advisories.why}.`;
  const head: Block = { kind: 'text', text: `${plural(packages, 'package')}, ${lock}. ${asked}` };
  if (findings.length === 0) return [head, { kind: 'text', text: 'Nothing else was found.' }];
  return [
    head,
    {
      kind: 'table',
      caption:
        findings.length > MAX_FINDINGS
          ? `${MAX_FINDINGS} of ${findings.length} findings`
          : 'What the audit found',
      columns: ['Kind', 'What', 'Why it matters', 'What helps'].map(title => ({ title })),
      rows: findings
        .slice(0, MAX_FINDINGS)
        .map(({ kind, severity, summary, why, remedy }): Cell[] => [
          { text: kind.replaceAll('_', ' '), tone: severity === 'problem' ? 'warn' : 'plain' },
          summary,
          why,
          remedy,
        ]),
    },
  ];
}
