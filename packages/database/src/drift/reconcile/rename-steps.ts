import type { Rename } from '../diff/find-renames.ts';
import { quoteName, quotePath, relationOf } from './quote.ts';
import { objectKeyword, objectReference } from './rights-steps.ts';
import type { Step } from './step.ts';

/** Gives a live object its expected name. */
export function renameStep({ expected, live }: Rename): Step {
  const name = quoteName((expected.type === 'function' ? expected.path[2] : expected.path.at(-1)) ?? '');
  const old = quoteName(live.path.at(-1) ?? '');
  const table = relationOf(live.path);
  switch (live.type) {
    case 'column':
      return {
        sql: `alter table ${table} rename column ${old} to ${name}`,
        allow: ['rename-column', 'the expected column has this name'],
      };
    case 'constraint':
      return { sql: `alter table ${table} rename constraint ${old} to ${name}` };
    case 'table':
      return {
        sql: `alter table ${quotePath(live.path.slice(1))} rename to ${name}`,
        allow: ['rename-table', 'the expected table has this name'],
      };
    default:
      return { sql: `alter ${objectKeyword(live)} ${objectReference(live)} rename to ${name}` };
  }
}
