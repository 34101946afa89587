import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import {
  type ApiDocument,
  type FrontendMap,
  holdfastDocument,
  mapFrontend,
  readApiDocument,
} from '@holdfast/doctor/frontend';
import { defineCommand } from '../command.ts';
import { launcherPid } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { renderFrontendMap } from '../frontend/render-frontend-map.ts';
import { listenForStop } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';

const PROGRESS_EVERY = 512;

/** `holdfast frontend map DIR`: what a frontend asks of its API, and what is wrong with how it does. */
export const frontend = defineCommand({
  usage: 'map DIR',
  description: `Reads the sources of a frontend (JavaScript, TypeScript, JSX, Vue, Svelte; monorepos too) and finds every call of its API with
method, path and place, through clients, wrappers, constants and generated code. Names where base URLs disagree, where tokens are
kept, and sixteen defects that sign users out or leave a blank page. Runs nothing of what it reads, and changes nothing.

With --openapi the calls are compared with an OpenAPI 3 document in JSON: operations that do not exist, wrong methods, slashes
that redirect, and operations that nobody calls. What .gitignore names, dependencies, builds, minified files and tests are
left out. What is only known at run time is called dynamic, with the part that is known.`,
  maxPositionals: 2,
  options: {
    openapi: {
      type: 'string',
      value: 'FILE|URL',
      description: "compare with this OpenAPI 3 document; holdfast for Holdfast's own",
    },
  },
  examples: [
    ['holdfast frontend map .', 'the calls and defects of the frontend in this directory'],
    ['holdfast frontend map web --openapi openapi.json', 'against what the API declares'],
    ['holdfast frontend map web --openapi holdfast', "against Holdfast's own API"],
    ['holdfast frontend map web --verbose', 'with every call and every operation that nobody calls'],
    ['holdfast frontend map web --json', 'all of it as JSON'],
  ],
  exitStatus: [
    [0, 'no defect was found'],
    [1, 'there are findings'],
    [2, 'wrong usage: no such directory, or no OpenAPI document'],
    [3, 'nothing could be examined: there are no sources, or none that can be parsed'],
  ],
  run: async ({ options, positionals, environment, terminal }) => {
    const directory = directoryOf(positionals, environment.cwd);
    const api = await documentOf(options.openapi, environment.cwd);
    const stop = listenForStop(launcherPid(environment));
    try {
      const map = await mapFrontend(directory, {
        ...(api === undefined ? {} : { api }),
        onProgress: progressOf(terminal),
        signal: stop.first,
      });
      terminal.result(map, () => renderFrontendMap(map, terminal));
      return exitCodeFor(map);
    } finally {
      stop.dispose();
    }
  },
});

function directoryOf([verb, directory]: readonly string[], cwd: string): string {
  if (verb !== 'map')
    throw new HoldfastError(
      'usage',
      `holdfast frontend takes map DIR${verb === undefined ? '.' : `; not "${verb}".`}`,
    );
  if (directory === undefined)
    throw new HoldfastError(
      'usage',
      'holdfast frontend map needs the directory of the sources, such as: holdfast frontend map .',
    );
  return resolve(cwd, directory);
}

async function documentOf(source: string | undefined, cwd: string): Promise<ApiDocument | undefined> {
  if (source === undefined) return undefined;
  if (source === 'holdfast') return holdfastDocument();
  return readApiDocument(/^https?:\/\//i.test(source) ? source : resolve(cwd, source));
}

function progressOf(terminal: Terminal): (done: number, all: number) => void {
  return (done, all) => {
    if (all > PROGRESS_EVERY && done % PROGRESS_EVERY === 0)
      terminal.progress(`reading: ${done} of ${all} files`);
  };
}

function exitCodeFor({ files, findings }: FrontendMap): ExitCode {
  if (files.read === 0) return 3;
  return findings.length === 0 ? 0 : 1;
}
