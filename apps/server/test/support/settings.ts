import { assertSettings, parseSettings, type Settings } from '@holdfast/core';

/** Settings as if from the environment; everything not given has its default. */
export function testSettings(values: Readonly<Record<string, string>> = {}): Settings {
  const parsed = parseSettings([{ origin: 'test', values: { NODE_ENV: 'test', ...values } }]);
  assertSettings(parsed);
  return parsed.settings;
}
