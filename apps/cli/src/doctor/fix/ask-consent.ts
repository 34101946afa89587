import { createInterface } from 'node:readline/promises';
import type { RepairOptions } from '@holdfast/doctor';
import type { OptionValues } from '../../command.ts';
import type { Terminal } from '../../terminal.ts';
import type { FIX_OPTIONS } from './fix-options.ts';

type Consent = RepairOptions['consent'];
type Planned = Parameters<Consent>[0];

/** Agrees by the options, else asks whoever sits at the terminal; without one the answer is no. */
export function askConsent(options: OptionValues<typeof FIX_OPTIONS>, terminal: Terminal): Consent {
  return async planned => {
    const isDestructive = planned.risk === 'destructive';
    if (isDestructive ? options['yes-destructive'] === true : options.yes === true) return true;
    if (terminal.json || process.stdin.isTTY !== true || process.stderr.isTTY !== true) return false;
    return ask(planned, isDestructive ? planned.code : 'yes');
  };
}

async function ask({ code, subject, steps, undo }: Planned, word: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const lines = [
      `Repair of ${code} at ${subject}:`,
      ...steps.flatMap(({ what, command }) => [`  ${what}`, ...(command === null ? [] : [`    ${command}`])]),
      `  To undo: ${undo}`,
      `Type ${word} to do it: `,
    ];
    return (await reader.question(lines.join('\n'))).trim() === word;
  } finally {
    reader.close();
  }
}
