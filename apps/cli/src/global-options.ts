import type { OptionDefinitions } from './command.ts';

/** Accepted by every command. */
export const GLOBAL_OPTIONS = {
  home: { type: 'string', value: 'DIR', description: 'the state directory (default .holdfast)' },
  port: { type: 'string', value: 'PORT', description: 'the public port (default 7400; 0 picks a free one)' },
  host: { type: 'string', value: 'ADDRESS', description: 'the address to listen on (default 127.0.0.1)' },
  'database-url': {
    type: 'string',
    value: 'URL',
    description: 'use this PostgreSQL; other users of the machine can read it in the process list',
  },
  'env-file': {
    type: 'string',
    value: 'FILE',
    description: 'read settings from FILE (default .env when there is one)',
  },
  'no-env-file': { type: 'boolean', description: 'read no env file' },
  json: { type: 'boolean', description: 'write the result to stdout as JSON and nothing else' },
  verbose: { type: 'boolean', description: 'say more' },
  'no-color': { type: 'boolean', description: 'no colour (also the variable NO_COLOR)' },
  help: { type: 'boolean', short: 'h', description: 'show this help' },
  version: { type: 'boolean', description: 'show the version' },
} as const satisfies OptionDefinitions;
