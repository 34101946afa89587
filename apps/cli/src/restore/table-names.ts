import { shellWord } from '@holdfast/core';

interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** A part in double quotes as SQL has it: whole, and with a quote in it twice. Any other quote belongs to the name. */
const QUOTED = /(?<=(?:^|[,.])\s*)"((?:[^"]|"")+)"(?=\s*(?:[.,]|$))/g;
const ITEM = new RegExp(`(?:${QUOTED.source}|[^,])+`, 'g');

/** The names and patterns of a list between commas, without the quotes of SQL. */
export function splitTableNames(text: string): string[] {
  return (text.match(ITEM) ?? [])
    .map(item => item.trim().replaceAll(QUOTED, (_, part: string) => part.replaceAll('""', '"')))
    .filter(name => name !== '');
}

/** The command that brings tables back, as it is typed into a shell. */
export function restoreTablesLine(backup: string, tables: readonly TableName[]): string {
  const names = tables.map(({ schema, name }) => `${written(schema)}.${written(name)}`).join(',');
  return `holdfast restore ${backup} --table ${shellWord(names)}`;
}

function written(part: string): string {
  return /[",]|^\s|\s$/.test(part) ? `"${part.replaceAll('"', '""')}"` : part;
}
