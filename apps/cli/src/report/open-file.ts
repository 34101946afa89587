import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

/** A program that shows a file to the person at this machine. */
export interface Opener {
  readonly command: string;
  readonly args: readonly string[];
}

/** How this machine opens a page; undefined where nobody would see it. */
export async function findOpener(
  platform: NodeJS.Platform,
  variables: Variables,
): Promise<Opener | undefined> {
  if (platform === 'darwin') return { command: 'open', args: [] };
  if (platform === 'win32') return { command: 'explorer.exe', args: [] };
  const isGraphical = [variables.DISPLAY, variables.WAYLAND_DISPLAY].some(value => (value ?? '') !== '');
  if (!isGraphical) return undefined;
  for (const directory of (variables.PATH ?? '').split(delimiter).filter(part => part !== '')) {
    const command = join(directory, 'xdg-open');
    if (
      await access(command, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return { command, args: [] };
  }
  return undefined;
}

/** Starts the opener and lets it go. Whether it could be started. */
export function openFile({ command, args }: Opener, path: string): Promise<boolean> {
  return new Promise(resolve => {
    const child = spawn(command, [...args, path], { detached: true, stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
