import { HoldfastError } from '@holdfast/core';
import { defineCommand } from '../command.ts';
import { commandHelp, generalHelp } from '../help-text.ts';
import { suggest } from '../suggest.ts';
import { COMMANDS, commandNames, loadCommand } from './index.ts';

/** `holdfast help [command]`. */
export const help = defineCommand({
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
    const text = await helpText(positionals[0]);
    terminal.result({ help: text }, () => text);
    return 0;
  },
});

async function helpText(name: string | undefined): Promise<string> {
  if (name === undefined) {
    return generalHelp(Object.entries(COMMANDS).map(([command, { summary }]) => [command, summary]));
  }
  const command = await loadCommand(name);
  if (command !== undefined) return commandHelp(name, command);
  const meant = suggest(name, commandNames());
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  throw new HoldfastError('usage', `There is no command "${name}".${hint}`);
}
