import { basename } from 'node:path';
import { allFiles, type Rule, type Violation } from '../project.ts';

/** Named exports only, no enums, no drawer file named utils, and kebab-case file names. */
export const naming: Rule = project =>
  allFiles(project).flatMap(({ path, defaultExports, enums }) => {
    const violations: Violation[] = [
      ...defaultExports.map(line => ({ rule: 'naming', path, line, message: 'no default export' })),
      ...enums.map(line => ({ rule: 'naming', path, line, message: 'no enum; use a union of literals' })),
    ];
    const stem = basename(path).replace(/\.tsx?$|\.js$/, '');
    if (/(^|\/)utils?(\.tsx?$|\/)/.test(path)) {
      violations.push({ rule: 'naming', path, message: 'name the file after what it holds, not utils' });
    }
    if (!/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(stem)) {
      violations.push({ rule: 'naming', path, message: 'file names are kebab-case' });
    }
    return violations;
  });
