import type { Command, OptionDefinitions } from './command.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';

const WIDTH = 78;

/** The help of one command. */
export function commandHelp(name: string, command: Command): string {
  const usage = ['holdfast', name, command.usage, '[options]'].filter(part => part !== '').join(' ');
  const examples = command.examples.map(([line, meaning]) => `  ${line}\n      ${meaning}`);
  const codes = command.exitStatus.map(([code, meaning]) => `  ${code}  ${meaning}`);
  return [
    `Usage: ${usage}`,
    wrap(command.description),
    ...(Object.keys(command.options).length === 0 ? [] : [`Options:\n${optionLines(command.options)}`]),
    `Global options:\n${optionLines(GLOBAL_OPTIONS)}`,
    `Examples:\n${examples.join('\n')}`,
    `EXIT STATUS\n${codes.join('\n')}`,
  ].join('\n\n');
}

/** The help of the whole program. */
export function generalHelp(summaries: readonly (readonly [name: string, summary: string])[]): string {
  const width = Math.max(...summaries.map(([name]) => name.length)) + 2;
  const lines = summaries.map(([name, summary]) => `  ${name.padEnd(width)}${summary}`);
  return [
    'Usage: holdfast <command> [options]',
    'An authentication and API backend on PostgreSQL that survives its own database.',
    `Commands:\n${lines.join('\n')}`,
    `Global options:\n${optionLines(GLOBAL_OPTIONS)}`,
    'Examples:\n  holdfast start\n      run PostgreSQL, the API and the keeper on this machine\n  holdfast help start\n      everything about one command',
    'EXIT STATUS\n  0  fine\n  1  findings or refusal\n  2  wrong usage or configuration\n  3  could not examine',
  ].join('\n\n');
}

function optionLines(options: OptionDefinitions): string {
  const entries = Object.entries(options).map(([name, { short, value, bare, description }]) => {
    const shown = value === undefined ? '' : bare === undefined ? ` ${value}` : `[=${value}]`;
    const flag = `${short === undefined ? '' : `-${short}, `}--${name}${shown}`;
    return [flag, description] as const;
  });
  const width = Math.max(...entries.map(([flag]) => flag.length)) + 2;
  return entries.map(([flag, description]) => `  ${flag.padEnd(width)}${description}`).join('\n');
}

/** Breaks paragraphs (separated by empty lines) into lines of at most 78 characters. */
function wrap(text: string): string {
  return text.split('\n\n').map(wrapParagraph).join('\n\n');
}

function wrapParagraph(paragraph: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length > WIDTH) lines.push(line);
    line = longer.length > WIDTH ? word : longer;
  }
  return [...lines, line].join('\n');
}
