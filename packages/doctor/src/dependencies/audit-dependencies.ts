import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { askAdvisories } from './ask-advisories.ts';
import { type AdvisoryAnswer, type DependencyAudit, type DependencyFinding, FINDING_KINDS } from './audit.ts';
import { findInstalledDrift, findLockDrift, findNotInstalled, findWrongVersions } from './find-drift.ts';
import { findDuplicates } from './find-duplicates.ts';
import { findEngines } from './find-engines.ts';
import { findPeers } from './find-peers.ts';
import { findUnused } from './find-unused.ts';
import type { PackageTree } from './package-tree.ts';
import { type ProjectFacts, readProject, treeOf } from './read-project.ts';

export interface AuditOptions {
  /** With the package.json; absolute. */
  readonly directory: string;
  /** The version of Node.js that the project runs on, such as `24.21.0`. */
  readonly node: string;
  /** The address of the registry; default: that of the project's .npmrc, else the public one. */
  readonly registry?: string | undefined;
  /** Asks no registry. */
  readonly offline?: boolean;
  /** For everything together, in milliseconds. Default 20,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const PUBLIC_REGISTRY = 'https://registry.npmjs.org/';
const TIMEOUT_MS = 20_000;

/**
 * Audits the dependencies of a JavaScript project: reads files, and asks one registry about vulnerabilities. Runs nothing and changes
 * nothing. What could not be looked at is said in `limits`, `lock` and `advisories`.
 * @throws HoldfastError `not_found` without a package.json, `usage` when it or the lock is no JSON.
 */
export async function auditDependencies(options: AuditOptions): Promise<DependencyAudit> {
  const { directory, node, timeoutMs = TIMEOUT_MS } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  const facts = await readProject(directory, signal);
  const tree = treeOf(facts);
  const [advisories, unused] = await Promise.all([
    advisoriesOf(facts, tree, options, signal),
    tree === undefined ? [] : findUnused(directory, tree, signal),
  ]);
  options.signal?.throwIfAborted();
  const found = tree === undefined ? [] : await findAll(directory, facts, tree, node);
  const findings = sorted([...advisories.findings, ...found, ...('limit' in unused ? [] : unused)]);
  const limits = [...facts.limits, ...limitsOf(facts, tree), ...('limit' in unused ? [unused.limit] : [])];
  return {
    schemaVersion: 1,
    status: statusOf(findings, advisories.answer, tree),
    directory,
    name: facts.root.manifest.name,
    manager: facts.manager,
    lock: facts.lock,
    source: facts.npmLock !== undefined ? 'lock' : facts.installed !== undefined ? 'installed' : 'nothing',
    packages: tree?.copies.size ?? 0,
    projects: facts.projects.map(({ path }) => path),
    node,
    advisories: advisories.answer,
    findings,
    installScripts: [...(tree?.copies.values() ?? [])]
      .filter(({ hasInstallScript }) => hasInstallScript)
      .map(({ name, version, path }) => ({ package: name, version, where: path })),
    limits,
  };
}

function advisoriesOf(
  { registry }: ProjectFacts,
  tree: PackageTree | undefined,
  options: AuditOptions,
  signal: AbortSignal,
): ReturnType<typeof askAdvisories> | { readonly answer: AdvisoryAnswer; readonly findings: readonly [] } {
  if (options.offline === true)
    return { answer: { asked: false, wanted: false, why: 'it was not to be asked' }, findings: [] };
  if (tree === undefined)
    return {
      answer: { asked: false, wanted: true, why: 'the versions of the packages are not known' },
      findings: [],
    };
  return askAdvisories(tree, options.registry ?? registry ?? PUBLIC_REGISTRY, signal);
}

async function findAll(
  directory: string,
  facts: ProjectFacts,
  tree: PackageTree,
  node: string,
): Promise<DependencyFinding[]> {
  const { npmLock, installed, root, projects } = facts;
  const { overridden } = root.manifest;
  const links = await linksOf(directory, tree);
  const fromLock =
    npmLock === undefined
      ? []
      : lockFindings(findLockDrift(projects, npmLock), findWrongVersions(tree, overridden));
  const fromDisk =
    installed === undefined || installed.cut
      ? []
      : npmLock === undefined
        ? findNotInstalled(tree, (project, name) => links.has(`${project} ${name}`))
        : findInstalledDrift(npmLock, installed);
  return [
    ...fromLock,
    ...fromDisk,
    ...findDuplicates(tree),
    ...findPeers(tree, overridden),
    ...findEngines(tree, node),
  ];
}

/** A version that is wrong because the range has changed is told once. */
function lockFindings(
  drift: readonly DependencyFinding[],
  wrong: readonly DependencyFinding[],
): DependencyFinding[] {
  return [...drift, ...wrong.filter(({ package: name }) => !drift.some(one => one.package === name))];
}

/** Packages that are linked into a node_modules, as pnpm does with all of them. */
async function linksOf(directory: string, tree: PackageTree): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const { path, manifest } of tree.projects) {
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
      const link = await lstat(join(directory, path, 'node_modules', name)).catch(() => undefined);
      if (link?.isSymbolicLink() === true) found.add(`${path} ${name}`);
    }
  }
  return found;
}

function limitsOf({ installed, npmLock, manager }: ProjectFacts, tree: PackageTree | undefined): string[] {
  return [
    ...(tree === undefined ? ['No lock was read and nothing is installed, so no version is known.'] : []),
    ...(installed === undefined && npmLock !== undefined
      ? ['Nothing is installed here, so lock and node_modules were not compared.']
      : []),
    ...(npmLock === undefined && manager !== 'none'
      ? ['Whether package.json and the lock agree was not looked at.']
      : []),
    ...(tree?.nested === false
      ? ['Which project loads which copy was not followed, nor were peers: that needs the lock of pnpm.']
      : []),
  ];
}

function statusOf(
  findings: readonly DependencyFinding[],
  answer: AdvisoryAnswer,
  tree: PackageTree | undefined,
): DependencyAudit['status'] {
  if (findings.some(({ severity }) => severity === 'problem')) return 'problems';
  return tree === undefined || (!answer.asked && answer.wanted) ? 'incomplete' : 'clean';
}

function sorted(findings: readonly DependencyFinding[]): DependencyFinding[] {
  return findings.toSorted(
    (a, b) =>
      Number(a.severity === 'note') - Number(b.severity === 'note') ||
      FINDING_KINDS.indexOf(a.kind) - FINDING_KINDS.indexOf(b.kind) ||
      a.package.localeCompare(b.package),
  );
}
