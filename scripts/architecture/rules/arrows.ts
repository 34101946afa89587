import {
  allWorkspaces,
  isTestFile,
  type Project,
  type Rule,
  type Violation,
  type Workspace,
} from '../project.ts';
import { workspaceOf } from '../resolve.ts';

/**
 * Who may import whom, directly. What a workspace may import it may also import from further down the same arrows:
 * `server → auth → postgres` lets the server import postgres. Whoever is not named here may import nothing.
 */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  '@holdfast/core': [],
  '@holdfast/contract': ['@holdfast/core'],
  '@holdfast/client': ['@holdfast/contract'],
  '@holdfast/react': ['@holdfast/client'],
  '@holdfast/console': ['@holdfast/react'],
  '@holdfast/postgres': ['@holdfast/core'],
  '@holdfast/auth': ['@holdfast/postgres'],
  '@holdfast/database': ['@holdfast/postgres'],
  '@holdfast/doctor': ['@holdfast/postgres', '@holdfast/database', '@holdfast/contract', '@holdfast/client'],
  '@holdfast/server': ['@holdfast/auth', '@holdfast/contract'],
  '@holdfast/keeper': ['@holdfast/database', '@holdfast/doctor', '@holdfast/auth'],
  '@holdfast/cli': ['@holdfast/keeper', '@holdfast/server'],
  '@holdfast/testing': ['@holdfast/auth', '@holdfast/database', '@holdfast/doctor', '@holdfast/contract'],
};

/** Folders with a tighter rule than their package. */
const ROOMS: readonly { folder: string; allowed: readonly string[] }[] = [
  { folder: 'packages/doctor/src/engine/', allowed: ['@holdfast/core'] },
];

const TESTING = '@holdfast/testing';

/**
 * Imports between workspaces follow the arrows. A test may also import any package to set its stage, but no app besides
 * those its workspace may; `@holdfast/testing` serves tests, benchmarks and scripts alone.
 */
export const arrows: Rule = project =>
  allWorkspaces(project).flatMap(workspace =>
    workspace.files.flatMap(file =>
      file.references.flatMap(({ specifier, line }) => {
        const target = workspaceOf(project, specifier);
        if (!target || target === workspace) return [];
        const message = refusal(project, workspace, file.path, target);
        return message ? [{ rule: 'arrows', path: file.path, line, message } satisfies Violation] : [];
      }),
    ),
  );

function refusal(project: Project, from: Workspace, path: string, target: Workspace): string | undefined {
  if (!project.workspaces.includes(from)) return undefined;
  if (isTestFile(path) && target.directory.startsWith('packages/')) return undefined;
  const name = target.manifest.name;
  if (name === TESTING) return `${name} is for tests and benchmarks only`;
  const room = ROOMS.find(({ folder }) => path.startsWith(folder));
  if (room && !room.allowed.includes(name)) {
    return `${room.folder} imports ${room.allowed.join(', ')} alone, not ${name}`;
  }
  if (reachable(from.manifest.name).has(name)) return undefined;
  return `${from.manifest.name} must not import ${name}`;
}

function reachable(name: string, seen: Set<string> = new Set()): Set<string> {
  for (const next of ARROWS[name] ?? []) {
    if (seen.has(next)) continue;
    seen.add(next);
    reachable(next, seen);
  }
  return seen;
}
