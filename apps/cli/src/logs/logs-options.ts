import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorMessage, HoldfastError, parseDuration, systemClock } from '@holdfast/core';
import {
  type AnalyzeOptions,
  FORMATS,
  type FormatName,
  holdfastRoutes,
  jsonFields,
  templatesOf,
} from '@holdfast/doctor/logs';
import type { OptionDefinitions, OptionValues } from '../command.ts';

export const LOGS_OPTIONS = {
  since: {
    type: 'string',
    value: 'TIME',
    description: 'begin here: ISO 8601, or a duration before now such as 6h',
  },
  until: { type: 'string', value: 'TIME', description: 'end here (default: the newest line)' },
  window: { type: 'string', value: 'DURATION', description: 'this long before the end (default 7d)' },
  format: {
    type: 'string',
    value: 'NAME',
    description: `read every line as ${FORMATS.join(', ')} (default: look at the lines)`,
  },
  field: {
    type: 'string',
    value: 'NAME=PATH',
    multiple: true,
    description: 'where JSON lines have a field, such as status=http.code; may be repeated',
  },
  openapi: {
    type: 'string',
    value: 'FILE',
    description: 'take path templates from this OpenAPI document (JSON), or from "holdfast"',
  },
  event: {
    type: 'string',
    value: 'TIME=TEXT',
    multiple: true,
    description: 'something that happened, such as 2026-05-01T10:00Z=deploy v2; may be repeated',
  },
  follow: { type: 'boolean', description: 'go on as the files grow, and tell of what changes, until Ctrl-C' },
} as const satisfies OptionDefinitions;

export type LogsOptions = OptionValues<typeof LOGS_OPTIONS>;

/** The options as the analysis wants them. Throws `usage`. */
export async function readLogsOptions(options: LogsOptions, cwd: string): Promise<AnalyzeOptions> {
  const now = systemClock.now();
  const since = options.since === undefined ? undefined : readTime('--since', options.since, now);
  const until = options.until === undefined ? undefined : readTime('--until', options.until, now);
  if (since !== undefined && until !== undefined && since >= until)
    throw new HoldfastError('usage', '--since must be before --until.');
  return {
    since,
    until,
    windowMs: readWindow(options),
    format: readFormat(options.format),
    fields: jsonFields(options.field?.split(',')),
    routes: await readRoutes(options.openapi, cwd),
    events: readEvents(options.event),
  };
}

function readTime(name: string, text: string, now: number): number {
  const duration = parseDuration(text);
  const time = duration === undefined ? Date.parse(text) : now - duration;
  if (!Number.isNaN(time)) return time;
  throw new HoldfastError('usage', `${name} ${text} is no time: write ISO 8601 or a duration such as 6h.`);
}

function readWindow({ window, since }: LogsOptions): number | undefined {
  if (window === undefined) return undefined;
  if (since !== undefined) throw new HoldfastError('usage', 'Give --since or --window, not both.');
  const duration = parseDuration(window);
  if (duration !== undefined && duration > 0) return duration;
  throw new HoldfastError('usage', `--window ${window} is no duration: write 30m, 24h or 7d.`);
}

function readFormat(text: string | undefined): FormatName | undefined {
  const found = FORMATS.find(name => name === text);
  if (text === undefined || found !== undefined) return found;
  throw new HoldfastError('usage', `There is no format "${text}"; there are ${FORMATS.join(', ')}.`);
}

async function readRoutes(file: string | undefined, cwd: string): Promise<readonly string[] | undefined> {
  if (file === undefined) return undefined;
  const templates =
    file === 'holdfast' ? holdfastRoutes() : templatesOf(await readDocument(resolve(cwd, file)));
  if (templates.length > 0) return templates;
  throw new HoldfastError('usage', `${file} has no paths, so it is no OpenAPI document.`);
}

async function readDocument(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new HoldfastError('usage', `${path} is no OpenAPI document in JSON: ${errorMessage(cause)}.`, {
      cause,
    });
  }
}

// repeated options come joined by commas, and a text can have some of its own
const NEXT_EVENT = /,(?=\d{4}-\d\d-\d\d)/;

function readEvents(text: string | undefined): AnalyzeOptions['events'] {
  return text?.split(NEXT_EVENT).map(event => {
    const at = event.indexOf('=');
    const time = Date.parse(event.slice(0, at));
    if (at === -1 || Number.isNaN(time)) {
      throw new HoldfastError('usage', `--event ${event} is no event: write 2026-05-01T10:00Z=deploy v2.`);
    }
    return { time, label: event.slice(at + 1), kind: 'deployment' as const };
  });
}
