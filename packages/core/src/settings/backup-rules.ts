import { formatDuration, parseDuration } from '../duration.ts';
import { type Setting, textSetting } from './setting.ts';

/** Which backups stay: see `holdfast backup prune --help`. A rule that is not set keeps nothing. */
export interface BackupRules {
  readonly last?: number;
  readonly within?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  readonly window?: number;
}

const COUNTED_RULES = ['last', 'daily', 'weekly', 'monthly', 'yearly'] as const;
const TIMED_RULES = ['within', 'window'] as const;

/** `last=3,within=7d,weekly=4,window=7d`, or `all` for no rules. */
export function backupRulesSetting(
  variable: string,
  options: { readonly description: string },
  fallback: string,
): Setting<BackupRules> {
  const parse = (text: string): BackupRules =>
    text === 'all' ? {} : Object.fromEntries(text.split(',').map(item => parseRule(item.trim())));
  const format = (rules: BackupRules): string => {
    const counted = COUNTED_RULES.flatMap(name =>
      rules[name] === undefined ? [] : `${name}=${rules[name]}`,
    );
    const timed = TIMED_RULES.flatMap(name => {
      const ms = rules[name];
      return ms === undefined ? [] : `${name}=${formatDuration(ms)}`;
    });
    return [...counted, ...timed].join(',') || 'all';
  };
  return { ...textSetting(variable, options, fallback), parse, format };
}

function parseRule(item: string): readonly [string, number] {
  const [name = '', text = ''] = item.split('=');
  if (COUNTED_RULES.some(rule => rule === name) && /^[1-9]\d{0,5}$/.test(text)) return [name, Number(text)];
  const ms = TIMED_RULES.some(rule => rule === name) ? parseDuration(text) : undefined;
  if (ms !== undefined && ms > 0) return [name, ms];
  throw new Error(
    `must be all, or rules such as last=3,within=7d,daily=7,weekly=4,monthly=6,yearly=1,window=7d; "${item}" is none`,
  );
}
