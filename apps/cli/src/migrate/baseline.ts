import { describeDifference } from '@holdfast/database/drift';
import { type Baseline, baseline } from '@holdfast/database/migrate';
import type { ExitCode } from '../exit-codes.ts';
import type { MigrateContext } from './options.ts';
import { withProject } from './project.ts';
import { scratchOptions, untilStopped } from './scratch.ts';

/** `holdfast migrate baseline [VERSION]`: takes over a database that has the schema already. */
export async function runBaseline(context: MigrateContext, [version]: readonly string[]): Promise<ExitCode> {
  const { options, terminal } = context;
  const taken = await untilStopped(context, signal =>
    withProject(context, project =>
      baseline({
        ...project,
        ...(version === undefined ? {} : { version }),
        ...(options.unchecked === true ? {} : { scratch: scratchOptions(context, project, signal) }),
        acceptDifferences: options['accept-differences'] === true,
      }),
    ),
  );
  terminal.result(taken, () => baselineText(taken));
  return 0;
}

function baselineText({ versions, source, compared, differences }: Baseline): string {
  const origin = source === 'given' ? '' : `, as ${source} says`;
  return [
    `Recorded ${versions.join(', ')} as applied${origin}; nothing was run.`,
    compared
      ? 'The schema was compared with what they build in a scratch database.'
      : 'Whether the schema is the one they build was not looked at.',
    ...differences.map(difference => `  - ${describeDifference(difference)}`),
  ].join('\n');
}
