import type { Diagnosis } from '../../diagnosis.ts';
import { isSighting, type Layer } from '../../engine/index.ts';
import { checksOf, countChecks, fromReading, observationsTable, plural, toneOf } from './blocks.ts';
import type { Block, Deliverable } from './document.ts';
import { endpointsTable, incidentsTable, logsText } from './log-blocks.ts';
import type { Readings } from './readings.ts';
import { repairBlocks } from './repair-blocks.ts';
import type { RepairRecord } from './repair-record.ts';

const LAYERS: readonly Layer[] = ['process', 'api', 'proxy'];
const SEEN = [
  'process.server',
  'process.listener',
  'api.port',
  'api.health',
  'api.ready',
  'proxy.port',
  'proxy.health',
  'logs.server',
];

/** The API restoration report: which endpoints answer as they should, which failed for users, and what was done about it. */
export function apiRestoration(
  diagnosis: Diagnosis,
  readings: Readings,
  repairs: readonly RepairRecord[],
): Deliverable {
  return {
    id: 'api-restoration',
    title: 'API restoration',
    tone: toneOf(diagnosis, LAYERS),
    lead: `${countChecks(diagnosis, LAYERS)} ${operationsText(diagnosis)}`.trim(),
    sections: [
      { title: 'Endpoints as the doctor asked them', blocks: [operationsBlock(diagnosis)] },
      {
        title: 'Endpoints as users met them',
        blocks: fromReading(readings.logs, 'The logs', analysis => [
          { kind: 'text', text: logsText(analysis) },
          endpointsTable(analysis, 'Endpoints that answered with server errors', ({ errors }) =>
            Object.entries(errors).some(([name, amount]) => name.startsWith('5') && amount > 0),
          ),
          incidentsTable(analysis.incidents, 'Incidents in the logs'),
        ]),
      },
      {
        title: 'What the doctor saw',
        blocks: [checksOf(diagnosis, LAYERS, 'Checks of process, API and proxy')],
      },
      {
        title: 'What these rest on',
        blocks: [observationsTable(diagnosis, SEEN, 'The API from outside and from its machine')],
      },
      { title: 'What was repaired', blocks: repairBlocks(repairs) },
    ],
  };
}

interface WrongOperations {
  readonly asked?: number;
  readonly wrong?: readonly { readonly operation: string; readonly problem: string }[];
}

function operationsOf({ observations }: Diagnosis): WrongOperations | { readonly why: string } {
  const observation = observations.find(({ id }) => id === 'api.operations');
  if (observation === undefined) return { why: 'no operation of a contract could be asked' };
  return isSighting(observation) ? observation.saw : { why: observation.couldNotLook };
}

function operationsText(diagnosis: Diagnosis): string {
  const found = operationsOf(diagnosis);
  if ('why' in found) return '';
  const { asked = 0, wrong = [] } = found as WrongOperations;
  return wrong.length === 0
    ? `${plural(asked, 'operation')} asked, each answered as declared.`
    : `${wrong.length} of ${plural(asked, 'operation')} asked did not answer as declared.`;
}

function operationsBlock(diagnosis: Diagnosis): Block {
  const found = operationsOf(diagnosis);
  if ('why' in found) return { kind: 'missing', what: 'The answers of the endpoints', why: found.why };
  const { wrong = [] } = found as WrongOperations;
  if (wrong.length === 0) return { kind: 'text', text: operationsText(diagnosis) };
  return {
    kind: 'table',
    caption: 'Operations that did not answer as declared',
    columns: [{ title: 'Operation' }, { title: 'Problem' }],
    rows: wrong.map(({ operation, problem }) => [{ text: operation, code: true }, problem]),
  };
}
