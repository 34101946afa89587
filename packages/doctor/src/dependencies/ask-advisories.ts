import { errorMessage, redactText } from '@holdfast/core';
import { satisfies, validRange } from 'semver';
import type { AdvisoryAnswer, DependencyFinding } from './audit.ts';
import type { PackageCopy, PackageTree } from './package-tree.ts';

export interface Advisories {
  readonly answer: AdvisoryAnswer;
  readonly findings: readonly DependencyFinding[];
}

interface Advisory {
  readonly url?: unknown;
  readonly title?: unknown;
  readonly severity?: unknown;
  readonly vulnerable_versions?: unknown;
}

const ENDPOINT = '-/npm/v1/security/advisories/bulk';
const MAX_BYTES = 20_000_000;
const MINOR = ['info', 'low'];

/**
 * Asks a registry which of the packages have known vulnerabilities, with the request that `npm audit` makes. Names of packages from
 * elsewhere are not sent. Never rejects: without a usable answer nothing is said about vulnerabilities but that.
 */
export async function askAdvisories(
  tree: PackageTree,
  registry: string,
  signal: AbortSignal,
): Promise<Advisories> {
  const all = [...tree.copies.values()];
  const copies = all.filter(copy => isFrom(copy, registry));
  const body: Record<string, string[]> = {};
  for (const { name, version } of copies) {
    body[name] ??= [];
    if (!body[name].includes(version)) body[name].push(version);
  }
  try {
    const url = new URL(ENDPOINT, registry.endsWith('/') ? registry : `${registry}/`);
    const found = await post(url, body, signal);
    const packages = Object.keys(body).length;
    return {
      answer: {
        asked: true,
        registry: maskedOrigin(registry),
        packages,
        withheld: all.length - copies.length,
      },
      findings: findingsOf(found, copies),
    };
  } catch (error) {
    const text = redactText(errorMessage(error instanceof TypeError ? (error.cause ?? error) : error));
    const why = signal.aborted ? 'it did not answer in time' : text;
    return { answer: { asked: false, wanted: true, why: `${maskedOrigin(registry)}: ${why}` }, findings: [] };
  }
}

function maskedOrigin(registry: string): string {
  return URL.canParse(registry) ? new URL(registry).origin : 'the registry';
}

function isFrom({ resolved, version }: PackageCopy, registry: string): boolean {
  if (version === '') return false;
  if (resolved === undefined) return true;
  // npm writes the address of the public registry into every lock, whichever one was asked
  const hosts = [new URL(registry).host, 'registry.npmjs.org'];
  return URL.canParse(resolved) && hosts.includes(new URL(resolved).host);
}

async function post(
  url: URL,
  body: unknown,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal,
    redirect: 'error',
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status} to the question for advisories`);
  }
  const text = await response.text();
  if (text.length > MAX_BYTES) throw new Error('its answer is too long');
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('its answer is no list of advisories');
  return { ...value };
}

function findingsOf(
  found: Readonly<Record<string, unknown>>,
  copies: readonly PackageCopy[],
): DependencyFinding[] {
  return Object.entries(found).flatMap(([name, list]) => {
    const own = copies.filter(copy => copy.name === name);
    const advisories: Advisory[] = Array.isArray(list)
      ? list.filter(item => typeof item === 'object' && item !== null)
      : [];
    return advisories.flatMap(advisory => findingOf(name, advisory, own));
  });
}

function findingOf(name: string, advisory: Advisory, copies: readonly PackageCopy[]): DependencyFinding[] {
  const range = String(advisory.vulnerable_versions ?? '*');
  // a range that cannot be read is taken to hold every version that was asked about
  const hit =
    validRange(range) === null
      ? copies
      : copies.filter(({ version }) => satisfies(version, range, { includePrerelease: true }));
  if (hit.length === 0) return [];
  const severity = String(advisory.severity ?? 'unknown');
  const versions = [...new Set(hit.map(({ version }) => version))];
  const development = hit.every(({ dev }) => dev) ? ' It is needed for development only.' : '';
  return [
    {
      kind: 'vulnerable',
      severity: MINOR.includes(severity) ? 'note' : 'problem',
      package: name,
      versions,
      where: hit.map(({ path }) => path),
      summary: `${name} ${versions.join(', ')} has a known vulnerability (${severity}): ${String(advisory.title ?? 'without a title')}.${development}`,
      why: `Versions ${range} are affected. ${String(advisory.url ?? '')}`.trim(),
      remedy: `Update it to a version outside of that range: npm audit fix, or npm ls ${name} to see who holds it back.`,
    },
  ];
}
