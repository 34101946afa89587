import type { SelectStmt, VariableSetStmt } from 'libpg-query';
import { constantOf } from '../schema/expressions.ts';
import { strings } from '../schema/names.ts';
import type { Hit } from '../scope.ts';

/** A setting that a statement changes. */
export interface Setting {
  readonly name: string;
  readonly value: string;
}

/** SET name = value. */
export function settingOf({ kind, name = '', args }: VariableSetStmt): Setting[] {
  const value = constantOf(args?.[0]);
  return kind === 'VAR_SET_VALUE' && value !== undefined ? [{ name: name.toLowerCase(), value }] : [];
}

/** select set_config(name, value, …) */
export function settingsOfSelect({ targetList }: SelectStmt): Setting[] {
  return (targetList ?? []).flatMap(target => {
    const value = 'ResTarget' in target ? target.ResTarget.val : undefined;
    if (value === undefined || !('FuncCall' in value)) return [];
    if (strings(value.FuncCall.funcname).at(-1) !== 'set_config') return [];
    const [name, setting] = (value.FuncCall.args ?? []).map(constantOf);
    return name === undefined || setting === undefined ? [] : [{ name: name.toLowerCase(), value: setting }];
  });
}

const UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time as PostgreSQL reads it, in milliseconds; a number without a unit is milliseconds already. */
export function milliseconds(value: string): number | undefined {
  const [, number, unit = 'ms'] = /^\s*(-?[\d.]+)\s*([a-z]*)\s*$/.exec(value) ?? [];
  const factor = UNITS[unit === '' ? 'ms' : unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

export function settingHits(settings: readonly Setting[]): Hit[] {
  return settings.flatMap(({ name, value }): Hit[] => {
    if (name === 'lock_timeout' && milliseconds(value) === 0) {
      const message =
        'Without a lock_timeout a statement that needs a strong lock waits for the longest transaction there is, and every query of the table queues behind it.';
      return [{ rule: 'no-lock-timeout', message, safer: `set lock_timeout = '2s';`, work: 'brief' }];
    }
    if (name === 'session_replication_role' && value.toLowerCase() === 'replica') {
      const message =
        'No trigger runs in this session, those that check foreign keys included, so what is written may point to nothing.';
      const safer =
        '-- write the rows in an order that satisfies the keys, or in one transaction with deferrable constraints';
      return [{ rule: 'disable-trigger', message, safer, work: 'brief' }];
    }
    return [];
  });
}
