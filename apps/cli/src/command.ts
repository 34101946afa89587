import type { Role } from '@holdfast/core';
import type { Configuration, Environment, SettingFlags } from './env.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** One option of a command, as node:util parseArgs wants it, with its help text. */
export interface OptionDefinition {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** The placeholder of the value in the help text. */
  readonly value?: string;
  /** What it means without a value, which then can only be given as `--name=VALUE`. */
  readonly bare?: string;
  /** Whether it may be given again; the values are joined with commas. */
  readonly multiple?: boolean;
  readonly description: string;
}

export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

type ValueOf<T extends OptionDefinition['type']> = T extends 'boolean' ? boolean : string;

export type OptionValues<O extends OptionDefinitions> = {
  readonly [K in keyof O]?: ValueOf<O[K]['type']>;
};

/** What a command gets to work with. */
export interface CommandContext<O extends OptionDefinitions> {
  readonly options: OptionValues<O>;
  readonly positionals: readonly string[];
  readonly flags: SettingFlags;
  readonly terminal: Terminal;
  readonly environment: Environment;
  /** The effective configuration; throws `configuration_invalid` with every problem at once. */
  configuration(role?: Role): Configuration;
}

export interface CommandDefinition<O extends OptionDefinitions> {
  /** What follows the name of the command, such as `[list|rotate]`. */
  readonly usage: string;
  readonly description: string;
  /** How many positional arguments are accepted. */
  readonly maxPositionals?: number;
  readonly options: O;
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  readonly exitStatus: readonly (readonly [code: ExitCode, meaning: string])[];
  run(context: CommandContext<O>): Promise<ExitCode>;
}

export type Command = CommandDefinition<OptionDefinitions>;

/** A command that is loaded when it is used. */
export interface CommandEntry {
  readonly summary: string;
  load(): Promise<Command>;
}

export type CommandRegistry = Readonly<Record<string, CommandEntry>>;

/** Declares a command; its `run` sees its own options typed. */
export function defineCommand<const O extends OptionDefinitions>(definition: CommandDefinition<O>): Command {
  return {
    ...definition,
    run: context => definition.run({ ...context, options: context.options as OptionValues<O> }),
  };
}
