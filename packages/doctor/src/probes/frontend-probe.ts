import type { Observation } from '../engine/index.ts';
import { holdfastDocument, mapFrontend, readApiDocument } from '../frontend/index.ts';
import type { Target } from '../target.ts';
import { couldNotLook, type Looks, observationsOf } from './probe.ts';

/**
 * What the sources of the frontend show, and how long it took to read them, in milliseconds. It keeps this thread busy:
 * run it when no other probe is waiting for an answer. Rejects only when `signal` is aborted.
 */
export async function lookAtFrontend(
  { frontend }: Pick<Target, 'frontend'>,
  signal: AbortSignal | undefined,
): Promise<readonly Observation[]> {
  if (frontend === undefined) return [];
  return observationsOf(await read(frontend, signal));
}

async function read(
  { directory, openApi }: NonNullable<Target['frontend']>,
  signal: AbortSignal | undefined,
): Promise<Looks> {
  try {
    const api = openApi === undefined ? undefined : await documentOf(openApi);
    const options = { ...(api === undefined ? {} : { api }), ...(signal === undefined ? {} : { signal }) };
    const { files, calls, findings } = await mapFrontend(directory, options);
    if (files.read === 0)
      return { 'frontend.sources': couldNotLook(`there are no sources of a frontend in ${directory}`) };
    const own = calls.filter(({ thirdParty }) => !thirdParty).length;
    const saw = { directory, files: files.read, calls: own, compared: api?.name ?? null, findings };
    return { 'frontend.sources': { saw } };
  } catch (error) {
    signal?.throwIfAborted();
    return { 'frontend.sources': couldNotLook(error) };
  }
}

function documentOf(source: string) {
  return source === 'holdfast' ? holdfastDocument() : readApiDocument(source);
}
