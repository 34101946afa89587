import type { ApiCall, FrontendFinding, FrontendMap, Place } from '@holdfast/doctor/frontend';
import type { Terminal } from '../terminal.ts';

const SHOWN_FINDINGS = 12;

/** The map on one screen: defects first, then what there is in one line each; every call with `--verbose`. */
export function renderFrontendMap(map: FrontendMap, terminal: Terminal): string {
  const { verbose, style } = terminal;
  const shown = verbose ? map.findings : map.findings.slice(0, SHOWN_FINDINGS);
  const rest = map.findings.length - shown.length;
  return [
    headline(map, terminal),
    ...shown.flatMap(finding => findingLines(finding, terminal)),
    ...(rest > 0 ? [style('dim', `and ${rest} more; --verbose shows all of them`)] : []),
    '',
    ...summaryLines(map),
    ...comparisonLines(map, verbose),
    ...(verbose ? ['', 'Calls', ...map.calls.map(callLine)] : []),
    ...map.files.broken.map(({ path, message }) => style('yellow', `not read: ${path}: ${message}`)),
  ].join('\n');
}

function headline({ calls, findings, files }: FrontendMap, { style }: Terminal): string {
  if (files.read === 0) return style('yellow', 'No sources of a frontend were found here.');
  const own = calls.filter(({ thirdParty }) => !thirdParty).length;
  const about = `${count(own, 'call')} of the API in ${count(files.read, 'file')}`;
  return findings.length === 0
    ? style('green', `✓ ${about}, and no defect`)
    : style('red', `✗ ${count(findings.length, 'defect')} · ${about}`);
}

function findingLines(finding: FrontendFinding, { style }: Terminal): readonly string[] {
  return [
    `${style('red', finding.code)}  ${at(finding)}`,
    `  ${finding.message}`,
    style('dim', `  → ${finding.advice}`),
  ];
}

function summaryLines(map: FrontendMap): readonly string[] {
  const dynamic = map.calls.filter(({ resolution }) => resolution === 'dynamic').length;
  const foreign = map.calls.filter(({ thirdParty }) => thirdParty).length;
  const libraries = [...Map.groupBy(map.calls, ({ library }) => library)].map(
    ([name, calls]) => `${name} ${calls.length}`,
  );
  const left = Object.entries(map.files.leftOut).filter(([, amount]) => amount > 0);
  return [
    `calls         ${map.calls.length - dynamic} resolved, ${dynamic} dynamic, ${foreign} to third parties (${libraries.join(', ')})`,
    `base URLs     ${list(map.baseUrls.map(({ base, prefix, calls }) => `${baseName(base)}${prefix} ×${calls}`))}`,
    `interceptors  ${list(map.interceptors.map(interceptor => `${interceptor.kind} ${at(interceptor)}`))}`,
    `tokens        ${list(map.tokenStorage.map(token => `${token.storage} "${token.key}" ${at(token)}`))}`,
    `left out      ${list(left.map(([reason, amount]) => `${reason} ${amount}`))}`,
  ];
}

function comparisonLines({ comparison }: FrontendMap, verbose: boolean): readonly string[] {
  if (comparison === null) return [];
  const { document, operations, called, neverCalled } = comparison;
  const line = `against       ${document}: ${called} of ${operations} operations are called`;
  return verbose ? [line, ...neverCalled.map(operation => `              never: ${operation}`)] : [line];
}

function callLine({ method, path, known, via, thirdParty, ...place }: ApiCall): string {
  const target = path ?? `${known}  (dynamic)`;
  const notes = [
    ...(via.length > 0 ? [`via ${via.join(' → ')}`] : []),
    ...(thirdParty ? ['third party'] : []),
  ];
  return `  ${(method ?? '?').padEnd(7)} ${target}  ${at(place)}${notes.length > 0 ? `  ${notes.join(', ')}` : ''}`;
}

function baseName({ kind, value }: ApiCall['base']): string {
  if (kind === 'page') return 'own host';
  return kind === 'env' ? `$${value}` : value;
}

const list = (items: readonly string[]) => (items.length === 0 ? 'none' : items.join(' · '));
const at = ({ file, line, column }: Place) => `${file}:${line}:${column}`;
const count = (amount: number, noun: string) =>
  `${amount.toLocaleString('en-US')} ${noun}${amount === 1 ? '' : 's'}`;
