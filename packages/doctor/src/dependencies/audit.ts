/** What an audit of dependencies can find. */
export const FINDING_KINDS = [
  'vulnerable',
  'lock_drift',
  'not_installed',
  'installed_drift',
  'duplicate',
  'peer',
  'engine',
  'unused',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** One thing that is wrong (problem) or worth knowing (note). */
export interface DependencyFinding {
  readonly kind: FindingKind;
  readonly severity: 'problem' | 'note';
  readonly package: string;
  readonly versions: readonly string[];
  /** Paths of packages, or the projects whose package.json says so; relative to the audited directory. */
  readonly where: readonly string[];
  readonly summary: string;
  readonly why: string;
  readonly remedy: string;
}

export type PackageManager = 'npm' | 'pnpm' | 'yarn-classic' | 'yarn-berry' | 'bun' | 'none';

/** Whether known vulnerabilities could be asked for. That they could not is never "none". */
export type AdvisoryAnswer =
  | { readonly asked: true; readonly registry: string; readonly packages: number; readonly withheld: number }
  | { readonly asked: false; readonly why: string; readonly wanted: boolean };

export interface InstallScript {
  readonly package: string;
  readonly version: string;
  readonly where: string;
}

/** What the dependencies of a project look like. Plain data for JSON. */
export interface DependencyAudit {
  readonly schemaVersion: 1;
  /** incomplete: no problem was found, but something that was wanted could not be looked at. */
  readonly status: 'clean' | 'problems' | 'incomplete';
  /** Absolute. */
  readonly directory: string;
  readonly name: string;
  readonly manager: PackageManager;
  /** In words: which lock file there is, and whether it was read. */
  readonly lock: string;
  /** Where the versions come from. */
  readonly source: 'lock' | 'installed' | 'nothing';
  /** How many there are, copies counted one by one. */
  readonly packages: number;
  /** Directories of package.json files: the root, which is `.`, and its workspaces. */
  readonly projects: readonly string[];
  readonly node: string;
  readonly advisories: AdvisoryAnswer;
  /** Problems first, by kind. */
  readonly findings: readonly DependencyFinding[];
  /** Packages that run a script of theirs when they are installed. */
  readonly installScripts: readonly InstallScript[];
  /** What could not be looked at, and what follows from that. */
  readonly limits: readonly string[];
}
