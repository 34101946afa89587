import type { KeeperCore } from './keeper-core.ts';
import type { Diagnose } from './ops-target.ts';

/** Runs the doctor on the keeper's own system. */
export async function diagnoseSystem(core: KeeperCore): ReturnType<Diagnose> {
  const { examine, renderDiagnosis, resolveTarget } = await import('@holdfast/doctor');
  const target = await resolveTarget({ home: core.options.home, settings: core.options.configuration });
  const diagnosis = await examine(target, {});
  return { text: renderDiagnosis(diagnosis, { verbose: false, color: false }), diagnosis };
}
