import { basename } from 'node:path';
import { allFiles, type Rule } from '../project.ts';

/** Tools, tests, and launchers: a launcher hands its whole environment on before any source is loaded. */
const EXEMPT = /^(packages\/testing|scripts|bench|test|apps\/[^/]+\/bin)\//;

/** Configuration is read once, in env.ts; `process.env` appears in no other file. */
export const environment: Rule = project =>
  allFiles(project)
    .filter(file => !EXEMPT.test(file.path) && basename(file.path) !== 'env.ts')
    .flatMap(file =>
      file.environmentReads.map(line => ({
        rule: 'environment',
        path: file.path,
        line,
        message: 'process.env belongs in env.ts',
      })),
    );
