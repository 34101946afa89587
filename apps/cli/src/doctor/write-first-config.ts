import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { findConfig } from '@holdfast/doctor';
import type { CommandContext } from '../command.ts';
import type { ExitCode } from '../exit-codes.ts';
import { firstConfig } from './first-config.ts';
import { lookAround } from './look-around.ts';

const NAME = 'holdfast.config.ts';

/** `holdfast doctor --init`. @throws HoldfastError `usage` when there is a configuration already */
export async function writeFirstConfig({
  environment: { cwd, variables },
  terminal,
}: Pick<CommandContext<Record<never, never>>, 'environment' | 'terminal'>): Promise<ExitCode> {
  const present = await findConfig(cwd);
  if (present !== undefined) {
    throw new HoldfastError('usage', `There is a ${basename(present)} here already; it was left as it is.`);
  }
  const found = await lookAround(cwd, variables);
  const path = join(cwd, NAME);
  await writeFile(path, firstConfig(found), { flag: 'wx' });
  terminal.result({ path, found }, () =>
    [
      `Wrote ${NAME}. Correct what is wrong in it, then:`,
      '  holdfast snapshot   while all is well, so that the doctor knows what it should be',
      '  holdfast doctor     when something is not',
      '',
    ].join('\n'),
  );
  return 0;
}
