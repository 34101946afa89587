import { HoldfastError } from '@holdfast/core';
import { defineCommand } from '../command.ts';
import { analyzeFiles } from '../logs/analyze.ts';
import { LOGS_OPTIONS } from '../logs/logs-options.ts';

const MAX_FILES = 10_000;

/** `holdfast logs analyze`: what was wrong when, where and for whom. */
export const logs = defineCommand({
  usage: 'analyze FILES…',
  description:
    'Reads logs of any web system and names its incidents: when each began, on which routes, who was affected, what followed from it, and what to do. Bots, guessed passwords and single clients are told apart from outages.\n\nFILES are names, patterns, directories, or - for standard input; .gz and .zst are read as they are. Access logs of nginx and Apache, JSON lines, logs of PostgreSQL and any lines that begin with a time are recognised; logs of the application and of the database together say more than one alone. The output holds no tokens, passwords or e-mail addresses.',
  maxPositionals: MAX_FILES,
  options: LOGS_OPTIONS,
  examples: [
    ["holdfast logs analyze '/var/log/nginx/access.log*'", 'the last seven days of a rotated log'],
    ['holdfast logs analyze access.log app.ndjson postgresql.log', 'logs of several programs together'],
    [
      "holdfast logs analyze access.log --event '2026-05-01T10:00Z=deploy v2'",
      'with a deployment that no log tells of',
    ],
    ['kubectl logs deploy/api | holdfast logs analyze - --window 1h --json', 'from another program, as JSON'],
    [
      'holdfast logs analyze app.log --field status=http.code --openapi openapi.json',
      'JSON lines of your own',
    ],
  ],
  exitStatus: [
    [0, 'no open incident; those that are over are told of'],
    [1, 'at least one incident was not over when the log ends'],
    [2, 'wrong usage'],
    [3, 'nothing could be read'],
  ],
  run: context => {
    const [verb, ...files] = context.positionals;
    if (verb !== 'analyze' || files.length === 0)
      throw new HoldfastError('usage', 'Which logs? Write holdfast logs analyze FILES….');
    return analyzeFiles(context, files);
  },
});
