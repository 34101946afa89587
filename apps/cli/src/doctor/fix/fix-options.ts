import { HoldfastError } from '@holdfast/core';
import type { OptionDefinitions, OptionValues } from '../../command.ts';

/** The options of `holdfast doctor` that are about repairing. */
export const FIX_OPTIONS = {
  fix: {
    type: 'string',
    value: 'plan',
    bare: 'apply',
    description:
      'repair what was found, with a backup before and a proof afterwards; --fix=plan only shows what would be done',
  },
  yes: { type: 'boolean', description: 'with --fix: also what interrupts somebody or changes data' },
  'yes-destructive': { type: 'boolean', description: 'with --fix: also what cannot be undone' },
  'no-backup': {
    type: 'boolean',
    description: 'with --fix: go on where no backup can be taken before',
  },
} as const satisfies OptionDefinitions;

export type FixMode = 'plan' | 'apply';

/** Undefined when nothing is to be repaired. @throws HoldfastError `usage` */
export function fixModeOf(options: OptionValues<typeof FIX_OPTIONS>): FixMode | undefined {
  const { fix } = options;
  if (fix === 'plan' || fix === 'apply') return fix;
  if (fix !== undefined)
    throw new HoldfastError('usage', `--fix takes nothing or =plan, not ${JSON.stringify(fix)}.`);
  const stray = (['yes', 'yes-destructive', 'no-backup'] as const).find(name => options[name] === true);
  if (stray !== undefined) throw new HoldfastError('usage', `--${stray} only goes with --fix.`);
  return undefined;
}
