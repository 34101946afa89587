import { describeWithConsequences } from '@holdfast/database/drift';
import { type Baseline, baseline } from '@holdfast/database/migrate';
import type { ExitCode } from '../exit-codes.ts';
import type { MigrateContext } from './options.ts';
import { withProject } from './project.ts';
import { scratchOptions } from './scratch.ts';

/** `holdfast migrate baseline [VERSION]`: takes over a database that has the schema already. */
export async function runBaseline(context: MigrateContext, [version]: readonly string[]): Promise<ExitCode> {
  const { options, terminal } = context;
  const taken = await withProject(context, 'migrate baseline', project =>
    baseline({
      ...project,
      ...(version === undefined ? {} : { version }),
      ...(options.unchecked === true ? {} : { scratch: scratchOptions(context, project) }),
      acceptDifferences: options['accept-differences'] === true,
      acceptMissing: patternsIn(options['accept-missing']),
    }),
  );
  terminal.result(taken, () => baselineText(taken));
  return 0;
}

function patternsIn(text: string | undefined): string[] {
  const patterns = text?.split(',').map(pattern => pattern.trim()) ?? [];
  return patterns.filter(pattern => pattern !== '');
}

function baselineText({ versions, source, compared, differences }: Baseline): string {
  const origin = source === 'given' ? '' : `, as ${source} says`;
  return [
    `Recorded ${versions.join(', ')} as applied${origin}; nothing was run.`,
    compared
      ? 'The schema was compared with what they build in a scratch database.'
      : 'Whether the schema is the one they build was not looked at.',
    ...differences.map(difference => `  - ${describeWithConsequences(difference)}`),
  ].join('\n');
}
