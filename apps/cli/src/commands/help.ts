import { HoldfastError, suggest } from '@holdfast/core';
import { type Command, type CommandRegistry, defineCommand } from '../command.ts';
import { commandHelp, generalHelp } from '../help-text.ts';

/** `holdfast help [command]`, about the given commands. */
export const createHelp = (commands: CommandRegistry): Command =>
  defineCommand({
    usage: '[command]',
    description: 'Shows the list of commands, or everything about one command.',
    maxPositionals: 1,
    options: {},
    examples: [
      ['holdfast help', 'the list of commands'],
      ['holdfast help doctor', 'the options, examples and exit status of one command'],
    ],
    exitStatus: [
      [0, 'the help was shown'],
      [2, 'there is no such command'],
    ],
    run: async ({ positionals, terminal }) => {
      const text = await helpText(commands, positionals[0]);
      terminal.result({ help: text }, () => text);
      return 0;
    },
  });

async function helpText(commands: CommandRegistry, name: string | undefined): Promise<string> {
  if (name === undefined) {
    return generalHelp(Object.entries(commands).map(([command, { summary }]) => [command, summary]));
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry !== undefined) return commandHelp(name, await entry.load());
  const meant = suggest(name, Object.keys(commands));
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  throw new HoldfastError('usage', `There is no command "${name}".${hint}`);
}
