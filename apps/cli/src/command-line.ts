import { errorMessage, HoldfastError, isHoldfastError, redact, redactText, suggest } from '@holdfast/core';
import type { Command, OptionDefinitions } from './command.ts';
import { COMMANDS, commandNames, loadCommand } from './commands/index.ts';
import { type Environment, requireConfiguration, type SettingFlags } from './env.ts';
import { type ExitCode, exitCodeOf } from './exit-codes.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import { commandHelp, generalHelp } from './help-text.ts';
import { assertUsage, type ParsedArguments, parseArguments } from './parse-arguments.ts';
import { createTerminal, type Terminal, type TerminalStreams } from './terminal.ts';
import { version } from './version.ts';

export interface CommandLine {
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly streams: TerminalStreams;
}

/** Runs one command line and returns its exit code. Errors are printed here and nowhere else. */
export async function runCommandLine({ args, environment, streams }: CommandLine): Promise<ExitCode> {
  const globals = parseArguments(args, GLOBAL_OPTIONS).values;
  const terminal = createTerminal(streams, {
    json: globals.json === true,
    verbose: globals.verbose === true,
    color: globals['no-color'] !== true && (environment.variables.NO_COLOR ?? '') === '',
  });
  try {
    return await dispatch(args, environment, terminal);
  } catch (error) {
    printError(error, terminal, streams);
    return exitCodeOf(error);
  }
}

async function dispatch(
  args: readonly string[],
  environment: Environment,
  terminal: Terminal,
): Promise<ExitCode> {
  const [name, rest] = await splitCommand(args);
  if (name === undefined) return withoutCommand(args, terminal);
  const command = await loadCommand(name);
  if (command === undefined) throw unknownCommand(name);
  const parsed = parseArguments(rest, { ...GLOBAL_OPTIONS, ...command.options });
  if (parsed.values.help === true) {
    terminal.result({ help: commandHelp(name, command) }, () => commandHelp(name, command));
    return 0;
  }
  if (parsed.values.version === true) return printVersion(terminal);
  assertUsage([...parsed.problems, ...positionalProblems(parsed, command)], `holdfast ${name} --help`);
  const flags = parsed.values as SettingFlags;
  return command.run({
    options: optionsOf(parsed, command.options),
    positionals: parsed.positionals,
    flags,
    terminal,
    environment,
    configuration: role => requireConfiguration(flags, environment, role),
  });
}

/** Takes the name of the command out of the arguments: the first one that is neither an option nor an option's value. */
async function splitCommand(
  args: readonly string[],
): Promise<readonly [string | undefined, readonly string[]]> {
  const [name] = parseArguments(args, GLOBAL_OPTIONS).positionals;
  if (name === undefined) return [undefined, args];
  const index = args.findIndex((arg, at) => arg === name && !isOptionValue(args[at - 1]));
  const place = index === 0 ? 0 : ((await commandAfterOptions(args)) ?? index);
  return [args[place], args.toSpliced(place, 1)];
}

/**
 * Where the name of a command stands when there is nothing before it but its own options with their values; else the first one that
 * follows options which it does not know, and then says so.
 */
async function commandAfterOptions(args: readonly string[]): Promise<number | undefined> {
  let unclear: number | undefined;
  for (const [place, name] of args.entries()) {
    const command = Object.hasOwn(COMMANDS, name) ? await loadCommand(name) : undefined;
    if (command === undefined) continue;
    const before = parseArguments(args.slice(0, place), { ...GLOBAL_OPTIONS, ...command.options });
    const misspelt = before.problems.length > 0;
    if (before.positionals.length === 0 && !misspelt) return place;
    if (args[0]?.startsWith('-') === true && misspelt) unclear ??= place;
  }
  return unclear;
}

function isOptionValue(before: string | undefined): boolean {
  const options: OptionDefinitions = GLOBAL_OPTIONS;
  return before?.startsWith('--') === true && options[before.slice(2)]?.type === 'string';
}

function withoutCommand(args: readonly string[], terminal: Terminal): ExitCode {
  const { values, problems } = parseArguments(args, GLOBAL_OPTIONS);
  assertUsage(problems, 'holdfast help');
  if (values.version === true) return printVersion(terminal);
  if (values.help !== true) throw new HoldfastError('usage', 'No command was given. See holdfast help.');
  const text = generalHelp(Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary]));
  terminal.result({ help: text }, () => text);
  return 0;
}

function printVersion(terminal: Terminal): ExitCode {
  terminal.result({ version: version() }, version);
  return 0;
}

function unknownCommand(name: string): HoldfastError {
  const meant = suggest(name, commandNames());
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return new HoldfastError('usage', `There is no command "${name}".${hint} See holdfast help.`, {
    details: { command: name, ...(meant === undefined ? {} : { suggestion: meant }) },
  });
}

function positionalProblems({ positionals }: ParsedArguments, command: Command): string[] {
  return positionals.slice(command.maxPositionals ?? 0).map(extra => `unexpected argument "${extra}"`);
}

function optionsOf({ values }: ParsedArguments, options: OptionDefinitions): ParsedArguments['values'] {
  return Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(options, name)));
}

function printError(error: unknown, terminal: Terminal, streams: TerminalStreams): void {
  const message = redactText(errorMessage(error));
  const code = isHoldfastError(error) ? error.code : 'internal';
  if (terminal.json) {
    const details = isHoldfastError(error) ? error.details : undefined;
    const body = { error: { code, message, ...(details === undefined ? {} : { details: redact(details) }) } };
    terminal.result(body, () => message);
    return;
  }
  streams.stderr.write(`error: ${message}\n`);
  if (terminal.verbose && error instanceof Error)
    streams.stderr.write(`${redactText(describeStack(error))}\n`);
}

function describeStack(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${describeStack(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
