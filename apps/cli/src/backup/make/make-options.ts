import type { OptionDefinitions } from '../../command.ts';

/** What `holdfast backup` itself takes, besides the places. */
export const MAKE_OPTIONS = {
  engine: {
    type: 'string',
    value: 'ENGINE',
    description:
      'physical (the whole cluster, over the replication protocol), logical (one database, by pg_dump) or pgbackrest (the whole cluster, by pgBackRest, on the machine of the server). Default: physical for the embedded PostgreSQL, else logical',
  },
  to: {
    type: 'string',
    value: 'PLACE',
    multiple: true,
    description: 'a directory or s3:// URL instead of HOLDFAST_BACKUPS; may be given again',
  },
  'no-compress': {
    type: 'boolean',
    description:
      'uncompressed: a data directory as it is (physical, pgbackrest), dump files as they are (logical)',
  },
  plain: { type: 'boolean', description: 'logical: one SQL script instead of the files of pg_restore' },
  validate: {
    type: 'string',
    value: 'LEVEL',
    description:
      'decode (every byte read as a restore would, the default; of an encrypted one without an identity, as it is stored) or drill (restored and compared)',
  },
  'no-validate': { type: 'boolean', description: 'do not read the backup again' },
  'encrypt-to': {
    type: 'string',
    value: 'RECIPIENT',
    multiple: true,
    description: 'a recipient of age (age1…) instead of HOLDFAST_BACKUP_RECIPIENTS; may be given again',
  },
  label: { type: 'string', value: 'TEXT', description: 'what to call it' },
} as const satisfies OptionDefinitions;
