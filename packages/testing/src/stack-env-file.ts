import { readFile, writeFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';

/** The variables of an env file; none when there is no such file. */
export async function readVariables(path: string): Promise<NodeJS.Dict<string>> {
  return parseEnv(await readFile(path, 'utf8').catch(() => ''));
}

/** Sets or removes one variable of an env file. */
export async function writeVariable(path: string, name: string, value: string | undefined): Promise<void> {
  const variables = Object.entries({ ...(await readVariables(path)), [name]: value });
  const lines = variables.flatMap(([key, text]) => (text === undefined ? [] : [`${key}="${text}"\n`]));
  await writeFile(path, lines.join(''), { mode: 0o600 });
}
