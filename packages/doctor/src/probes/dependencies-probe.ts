import { auditDependencies, dependencyObservation } from '../dependencies/index.ts';
import type { Observation } from '../engine/index.ts';
import type { ProjectTarget } from '../target.ts';
import { couldNotLook } from './probe.ts';

const AUDIT_MS = 3_000;

/**
 * What an audit of the packages of a project shows. It reads many files: run it when no other probe is waiting for an answer.
 * Rejects only when `signal` is aborted.
 */
export async function lookAtDependencies(
  project: ProjectTarget | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly Observation[]> {
  if (project === undefined) return [];
  const { directory, node = process.versions.node, registry } = project;
  try {
    const own = signal === undefined ? {} : { signal };
    const audit = await auditDependencies({ directory, node, registry, timeoutMs: AUDIT_MS, ...own });
    return [dependencyObservation(audit)];
  } catch (error) {
    signal?.throwIfAborted();
    const head = { id: 'dependencies.audit', probe: 'dependencies', subject: `project:${directory}` };
    return [{ ...head, ...couldNotLook(error) }];
  }
}
