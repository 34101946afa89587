import type { RunHoldfast } from '../system/holdfast-child.ts';
import { failureOf } from '../system/holdfast-child.ts';
import { type ProofItem, proven } from './proof.ts';

/** A machine that is busy with something else can be too slow for one look. */
const LOOKS = 3;

/** The doctor finds nothing, the migrations are up to date, the schema is as they build it. */
export async function proveHealth(run: RunHoldfast, signal: AbortSignal): Promise<readonly ProofItem[]> {
  const doctor = await proveDoctor(run, signal);
  const migrations = await run(['migrate', 'status'], signal);
  const drift = await run(['drift'], signal);
  return [
    doctor,
    proven(
      'the migrations are up to date',
      `at ${String(migrations.result.version)}`,
      migrations.code === 0 ? [] : [failureOf(migrations)],
    ),
    proven(
      'the schema is as the migrations build it',
      'holdfast drift',
      drift.code === 0 ? [] : [driftText(drift.result) ?? failureOf(drift)],
    ),
  ];
}

async function proveDoctor(run: RunHoldfast, signal: AbortSignal): Promise<ProofItem> {
  const found: string[] = [];
  for (let look = 1; look <= LOOKS; look += 1) {
    const { code, result } = await run(['doctor'], signal);
    const before = found.length === 0 ? '' : `, at look ${look}; before: ${found.join('; ')}`;
    if (code === 0) return proven('the doctor finds nothing', `${String(result.status)}${before}`, []);
    found.push(String(result.headline));
  }
  return proven('the doctor finds nothing', `${LOOKS} looks`, found);
}

function driftText(result: Readonly<Record<string, unknown>>): string | undefined {
  const { differences } = result as { readonly differences?: readonly { readonly name: string }[] };
  return differences === undefined
    ? undefined
    : `differs in ${differences.map(({ name }) => name).join(', ')}`;
}
