import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Whether something is there that this user must not read. What is not there is not denied. */
export async function isDenied(path: string): Promise<boolean> {
  try {
    await (await open(path)).close();
    return false;
  } catch (error) {
    return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

/** Why it is not known what a state directory holds; undefined when this user can read it. */
export async function whyUnreadable(home: string): Promise<string | undefined> {
  for (const path of [home, join(home, 'cluster.json'), join(home, 'run')]) {
    if (await isDenied(path)) {
      return `the state directory ${home} cannot be read by this user (permission denied at ${path}); run the doctor as its owner`;
    }
  }
  return undefined;
}
