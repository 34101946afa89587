import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { FrontendTarget } from '@holdfast/doctor';

/** The sources that --frontend names. @throws HoldfastError `usage` for a document without sources to compare it with */
export function frontendOf(
  { frontend, openapi }: { readonly frontend?: string | undefined; readonly openapi?: string | undefined },
  cwd: string,
): FrontendTarget | undefined {
  if (frontend === undefined) {
    if (openapi === undefined) return undefined;
    throw new HoldfastError(
      'usage',
      '--openapi says what the calls of a frontend are compared with; --frontend names its sources.',
    );
  }
  const directory = resolve(cwd, frontend);
  if (openapi === undefined) return { directory };
  const isFile = openapi !== 'holdfast' && !/^https?:\/\//i.test(openapi);
  return { directory, openApi: isFile ? resolve(cwd, openapi) : openapi };
}
