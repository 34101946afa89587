import type { Diagnosis } from '../diagnosis.ts';
import { LAYERS, type Layer } from '../engine/index.ts';
import type { Row } from './lay-out.ts';
import { MORE_TIME, unseenInTime } from './out-of-time.ts';

/** The checks whose details tell most about a layer that is fine. */
const TELLING: Readonly<Partial<Record<Layer, readonly string[]>>> = {
  config: ['config.variables_set', 'config.keyring'],
  time: ['time.clocks'],
  process: ['process.server', 'process.keeper', 'process.disk'],
  database: ['database.login', 'database.writable', 'database.round_trip'],
  schema: ['schema.migrations', 'schema.tables', 'schema.indexes', 'schema.constraints'],
  data: ['data.session_families', 'data.roles', 'data.permissions'],
  auth: ['keys.recorded', 'auth.login', 'auth.refresh', 'auth.revocation'],
  api: ['api.health', 'api.operations'],
  proxy: ['proxy.forwards', 'proxy.passes'],
};

const NAME = 10;
const MARGIN = 10;
const MOST_CHARACTERS = 130;

/** The layers in which something passed and nothing failed, in one line each. */
export function fineRows({ checks }: Diagnosis, columns: number | undefined): Row[] {
  const room = columns === undefined ? MOST_CHARACTERS : columns - MARGIN - NAME;
  const lines = LAYERS.flatMap(layer => {
    const own = checks.filter(check => check.layer === layer);
    const passed = own.filter(({ outcome }) => outcome === 'pass');
    if (passed.length === 0 || own.some(({ outcome }) => outcome === 'fail')) return [];
    const telling = (TELLING[layer] ?? []).flatMap(id => passed.filter(check => check.id === id));
    const details = telling.map(({ detail }) => detail).join(', ');
    const text = details === '' ? `${passed.length} check${passed.length === 1 ? '' : 's'} passed` : details;
    return [`${layer.padEnd(NAME)}${text.length <= room ? text : `${text.slice(0, room - 1)}…`}`];
  });
  return labelled('Fine', lines).map(row => ({ ...row, verbatim: true }));
}

/** Checks that were not made, and why: those that more time would have made, or the commonest reason, unless all are asked for. */
export function notExaminedRows({ notExamined, checks }: Diagnosis, verbose: boolean): Row[] {
  const reasons = [...Map.groupBy(notExamined, ({ why }) => why)].toSorted(
    ([, one], [, other]) => Number(isLate(other)) - Number(isLate(one)) || other.length - one.length,
  );
  const [first] = reasons;
  if (first === undefined) return [];
  const late = unseenInTime({ notExamined, checks });
  if (verbose)
    return labelled(
      'Not seen',
      reasons.map(([why, items]) => `${items.map(({ check }) => check).join(', ')}: ${why}`),
    );
  const [why, items] = first;
  const [{ check = '' } = {}] = items;
  const what = late ?? (items.length === 1 ? check : `${items.length} checks`);
  const others =
    notExamined.length -
    (late === undefined ? items.length : notExamined.filter(({ outOfTime }) => outOfTime).length);
  const more = others === 0 ? '' : ` And ${others} more (--verbose).`;
  const rows = labelled('Not seen', [`${what}: ${why.replace(/\.$/, '')}.${more}`]);
  const help = { text: `With more time it sees more: ${MORE_TIME}.`, instructs: true };
  return late === undefined ? rows : [...rows, help];
}

function isLate(items: Diagnosis['notExamined']): boolean {
  return items.some(({ outOfTime }) => outOfTime);
}

function labelled(label: string, lines: readonly string[]): Row[] {
  return lines.map((text, index) => (index === 0 ? { label, text } : { text }));
}
