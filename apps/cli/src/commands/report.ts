import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HoldfastError, suggest } from '@holdfast/core';
import { DELIVERABLE_IDS, listReports, type StoredReport } from '@holdfast/doctor/report';
import { type CommandContext, defineCommand, type OptionDefinitions } from '../command.ts';
import { readConfiguration } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { findOpener, openFile } from '../report/open-file.ts';
import { defaultPlace, knownPlaces } from '../report/report-places.ts';

const OPTIONS = {
  dir: {
    type: 'string',
    value: 'DIR',
    description: 'look here, instead of wherever reports were written to',
  },
  part: {
    type: 'string',
    value: 'NAME',
    description: `with show: ${DELIVERABLE_IDS.join(', ')} (default summary)`,
  },
} as const satisfies OptionDefinitions;

/** There need not be a state directory for either. */
const NONE = [
  'There is no report yet. Type',
  '  holdfast doctor --report reports      to examine the system and write one below ./reports',
  '  holdfast report list --dir DIR        to see those in another directory',
].join('\n');

type Context = CommandContext<typeof OPTIONS>;
type Part = (typeof DELIVERABLE_IDS)[number];

const VERBS = { open: openReport, list: showList, show: showReport } as const;

/** `holdfast report`: the reports of earlier examinations. */
export const report = defineCommand({
  usage: 'open [ID] | list | show [ID]',
  description:
    'Finds the reports that holdfast doctor --report has written, the newest first. open shows one in the browser, or says where it lies when there is no browser or no terminal; show writes one document of it as Markdown. Without ID it is the newest; the first letters of an ID are enough.',
  maxPositionals: 2,
  options: OPTIONS,
  examples: [
    ['holdfast doctor --report reports', 'examine, and write a report below ./reports'],
    ['holdfast report open', 'look at the newest one'],
    ['holdfast report list', 'which there are'],
    ['holdfast report show 20260501T1000 --part performance', 'one document of an earlier one, as text'],
    ['holdfast report list --dir /srv/reports --json', 'those of another machine, as JSON'],
  ],
  exitStatus: [
    [0, 'it was opened, listed or shown; also when the list is empty'],
    [1, 'there is no such report'],
    [2, 'wrong usage'],
  ],
  run: async context => {
    const [verb = 'list', id] = context.positionals;
    if (!isVerb(verb)) throw unknownVerb(verb);
    if (verb === 'list' && id !== undefined) throw new HoldfastError('usage', `unexpected argument "${id}"`);
    if (verb !== 'show' && context.options.part !== undefined)
      throw new HoldfastError('usage', '--part goes together with show.');
    return VERBS[verb](context, await findReports(context), id);
  },
});

function isVerb(text: string): text is keyof typeof VERBS {
  return Object.hasOwn(VERBS, text);
}

function unknownVerb(verb: string): HoldfastError {
  const meant = suggest(verb, Object.keys(VERBS));
  const hint = meant === undefined ? 'open, list or show' : meant;
  return new HoldfastError('usage', `There is no "${verb}" of reports. Did you mean ${hint}?`);
}

async function findReports({ options, flags, environment }: Context): Promise<StoredReport[]> {
  const { home } = readConfiguration(flags, environment);
  const places =
    options.dir === undefined ? await knownPlaces(home) : [resolve(environment.cwd, options.dir)];
  // a directory that was removed since is no trouble, one that was named and cannot be read is
  const lists = await Promise.all(
    places.map(place =>
      options.dir === undefined ? listReports(place).catch(() => []) : listReports(place),
    ),
  );
  return lists.flat().toSorted((a, b) => b.id.localeCompare(a.id));
}

function chosen(
  { flags, environment }: Context,
  reports: readonly StoredReport[],
  id: string | undefined,
): StoredReport {
  const found = id === undefined ? reports.slice(0, 1) : reports.filter(one => one.id.startsWith(id));
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  if (second !== undefined) {
    const names = found.slice(0, 5).map(one => one.id);
    throw new HoldfastError(
      'usage',
      `${found.length} reports begin with ${id}: ${names.join(', ')}${found.length > names.length ? ' …' : ''}`,
    );
  }
  const { home } = readConfiguration(flags, environment);
  const text =
    reports.length === 0
      ? `There is no report yet. holdfast doctor --report ${defaultPlace(home)} makes one; --dir DIR looks elsewhere.`
      : `There is no report ${id}. holdfast report list shows which there are.`;
  throw new HoldfastError('not_found', text);
}

async function openReport(
  context: Context,
  reports: readonly StoredReport[],
  id: string | undefined,
): Promise<ExitCode> {
  const { terminal, environment } = context;
  const one = chosen(context, reports, id);
  const seen = !terminal.json && process.stdout.isTTY === true;
  const opener = seen ? await findOpener(process.platform, environment.variables) : undefined;
  const opened = opener !== undefined && (await openFile(opener, one.html));
  terminal.result({ ...one, opened }, () => (opened ? `opened ${one.html}` : one.html));
  return 0;
}

async function showList({ terminal }: Context, reports: readonly StoredReport[]): Promise<ExitCode> {
  terminal.result({ reports }, () => {
    if (reports.length === 0) return NONE;
    return reports
      .map(
        ({ id, status, headline }) =>
          `${terminal.style('bold', id)}  ${status.replaceAll('_', ' ').padEnd(12)}  ${headline}`,
      )
      .join('\n');
  });
  return 0;
}

async function showReport(
  context: Context,
  reports: readonly StoredReport[],
  id: string | undefined,
): Promise<ExitCode> {
  const { terminal, options } = context;
  const part = partOf(options.part ?? 'summary');
  const one = chosen(context, reports, id);
  const text = await readFile(join(one.directory, `${part}.md`), 'utf8');
  terminal.result({ ...one, part, markdown: text }, () => text);
  return 0;
}

function partOf(name: string): Part {
  const found = DELIVERABLE_IDS.find(part => part === name);
  if (found !== undefined) return found;
  const meant = suggest(name, DELIVERABLE_IDS);
  const hint = meant === undefined ? `It is one of ${DELIVERABLE_IDS.join(', ')}.` : `Did you mean ${meant}?`;
  throw new HoldfastError('usage', `A report has no part "${name}". ${hint}`);
}
