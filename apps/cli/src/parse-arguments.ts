import { parseArgs } from 'node:util';
import { HoldfastError, suggest } from '@holdfast/core';
import type { OptionDefinitions } from './command.ts';

export interface ParsedArguments {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
  readonly problems: readonly string[];
}

/** Parses command-line arguments against the given options. All problems are returned together, with suggestions. */
export function parseArguments(args: readonly string[], options: OptionDefinitions): ParsedArguments {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { type: declared, short, bare }]) => {
        const type = bare === undefined ? declared : 'boolean';
        return [name, short === undefined ? { type } : { type, short }];
      }),
    ),
    strict: false,
    tokens: true,
  });
  const values: Record<string, string | boolean> = {};
  const positionals: string[] = [];
  const problems: string[] = [];
  let negative = -1;
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const arg = args[token.index] ?? '';
    if (isNegative(arg)) {
      // node:util takes it for short options, one token each
      if (negative !== token.index) positionals.push(arg);
      negative = token.index;
      continue;
    }
    const problem = optionProblem(token, options);
    if (problem === undefined) values[token.name] = combine(token, options, values[token.name]);
    else problems.push(problem);
  }
  return { values, positionals, problems };
}

/** The last value wins, unless the option may be given again. */
function combine(
  { name, value: given }: { readonly name: string; readonly value?: string | undefined },
  options: OptionDefinitions,
  before: string | boolean | undefined,
): string | boolean {
  const value = given ?? options[name]?.bare ?? true;
  return options[name]?.multiple === true && before !== undefined ? `${before},${value}` : value;
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionProblem(token: OptionToken, options: OptionDefinitions): string | undefined {
  const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
  if (option === undefined) {
    const meant = suggest(token.name, Object.keys(options));
    return `unknown option ${token.rawName}${meant === undefined ? '' : `; did you mean --${meant}?`}`;
  }
  if (option.bare !== undefined) return undefined;
  if (option.type === 'boolean') {
    return token.value === undefined ? undefined : `option ${token.rawName} takes no value`;
  }
  const missing =
    token.value === undefined ||
    (token.inlineValue !== true && token.value.startsWith('-') && !isNegative(token.value));
  return missing
    ? `option ${token.rawName} needs a value: ${token.rawName} ${option.value ?? 'VALUE'}`
    : undefined;
}

/** A number below zero is a value, and for the command to refuse. */
function isNegative(text: string): boolean {
  return /^-\d/.test(text);
}

/** Throws `usage` when there are problems. */
export function assertUsage(problems: readonly string[], help: string): void {
  if (problems.length === 0) return;
  throw new HoldfastError('usage', `${problems.join('\n')}\nSee ${help}.`, { details: { problems } });
}
