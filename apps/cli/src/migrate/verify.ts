import { describeDifference } from '@holdfast/database/drift';
import { type Verification, type VerifyFinding, verifyMigrations } from '@holdfast/database/migrate';
import type { ExitCode } from '../exit-codes.ts';
import type { MigrateContext } from './options.ts';
import { withProject } from './project.ts';
import { scratchOptions } from './scratch.ts';

/** `holdfast migrate verify`: every migration up, down and up again in a scratch database. */
export async function runVerify(context: MigrateContext): Promise<ExitCode> {
  const { terminal } = context;
  const verification = await withProject(context, 'migrate verify', project =>
    verifyMigrations({
      ...scratchOptions(context, project),
      migrations: project.migrations,
      appVersion: project.appVersion,
      onProgress: ({ version, name }) => terminal.progress(`verifying ${version} ${name}`),
    }),
  );
  terminal.result(verification, () => verificationText(verification));
  return verification.ok ? 0 : 1;
}

function verificationText({ ok, verified, irreversible, untried, findings }: Verification): string {
  const list = (versions: readonly string[]): string => versions.join(', ');
  return [
    ...findings.map(findingText),
    ...(irreversible.length === 0 ? [] : [`Without a way down, only applied: ${list(irreversible)}.`]),
    ...(untried.length === 0 ? [] : [`Not tried: ${list(untried)}.`]),
    ok
      ? `${verified.length} migrations lead up, down and up again to the same schema.`
      : `${findings.length} of these ways do not lead where they should.`,
  ].join('\n');
}

const WHAT: Readonly<Record<VerifyFinding['kind'], string>> = {
  up_failed: 'cannot be applied',
  down_failed: 'cannot be rolled back',
  up_again_failed: 'cannot be applied again after it was rolled back',
  down_differs: 'its way down does not lead back to what was there before',
  up_again_differs: 'applied again after it was rolled back, it builds something else',
};

function findingText({ kind, file, message, differences = [] }: VerifyFinding): string {
  const details = message === undefined ? differences.map(describeDifference) : [message];
  return [`${file}: ${WHAT[kind]}`, ...details.map(detail => `  - ${detail}`)].join('\n');
}
