import { HoldfastError } from '@holdfast/core';
import { forgetTakeover, listTakeovers, type Takeover } from '@holdfast/postgres/cluster';
import type { Configuration } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { shownForget } from './restore-dump.ts';
import type { RestoreContext } from './restore-options.ts';
import { runningUrl } from './running-url.ts';
import { undoableLines, undoableTables } from './undoable-tables.ts';

/** Shows the databases that restores have replaced, and the restores of tables that can be taken back. */
export async function listReplaced({ home }: Configuration, terminal: Terminal): Promise<ExitCode> {
  const takeovers = await listTakeovers(home);
  const tableRestores = await undoableTables(await runningUrl(home));
  const lines = takeovers.map(
    ({ id, switchedAt, what, replaced }) => `${id}  replaced ${switchedAt} by ${what}: ${replaced}`,
  );
  terminal.result({ replaced: takeovers, tableRestores }, () =>
    [
      ...(lines.length === 0 ? [`No replaced database is kept on ${home}.`] : lines),
      ...undoableLines(tableRestores),
    ].join('\n'),
  );
  return 0;
}

/** Removes replaced databases for good. @throws HoldfastError `not_found` */
export async function forgetReplaced(
  { home }: Configuration,
  terminal: Terminal,
  { id, context }: { readonly id: string; readonly context: RestoreContext },
): Promise<ExitCode> {
  const takeovers = await listTakeovers(home);
  const chosen: Takeover[] = id === 'all' ? takeovers : takeovers.filter(takeover => takeover.id === id);
  if (chosen.length === 0 && id !== 'all')
    throw new HoldfastError(
      'not_found',
      `There is no replaced database ${id}; holdfast restore --list shows them.`,
    );
  if (chosen.length > 0 && context.options.yes !== true) {
    return shownForget(
      context,
      chosen.map(({ replaced }) => replaced),
    );
  }
  for (const takeover of chosen) await forgetTakeover(home, takeover);
  terminal.result({ removed: chosen.map(takeover => takeover.replaced) }, () =>
    chosen.length === 0
      ? 'There was nothing to remove.'
      : chosen.map(({ replaced }) => `Removed ${replaced}.`).join('\n'),
  );
  return 0;
}
