import * as fc from 'fast-check';
import type { JsonObject } from '../document/json-value.ts';

/** Mail that is never delivered: RFC 2606. */
const MAIL_DOMAIN = 'probe.invalid';

const WORDS = ['alpha', 'river', 'lantern', 'north', 'cedar', 'harbor', 'quiet', 'stone'] as const;
/** What trips programs that paste texts together or forget an encoding. */
const AWKWARD = ["O'Hara", '100%', 'a&b=c', 'Zoë', '東京', '😀', '<b>', '"quoted"', 'back\\slash'] as const;

const FORMATS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  uuid: fc.uuid(),
  date: someTime().map(time => time.slice(0, 10)),
  'date-time': someTime(),
  time: someTime().map(time => time.slice(11)),
  duration: fc.constantFrom('PT1H', 'P1D', 'PT30M'),
  email: fc.nat(999_999).map(number => `probe-${number}@${MAIL_DOMAIN}`),
  'idn-email': fc.nat(999_999).map(number => `probe-${number}@${MAIL_DOMAIN}`),
  uri: fc.nat(9_999).map(number => `https://${MAIL_DOMAIN}/${number}`),
  url: fc.nat(9_999).map(number => `https://${MAIL_DOMAIN}/${number}`),
  'uri-reference': fc.nat(9_999).map(number => `/${number}`),
  hostname: fc.constantFrom('probe.invalid', 'a.probe.invalid'),
  ipv4: fc.ipV4(),
  ipv6: fc.ipV6(),
  byte: fc.uint8Array({ maxLength: 12 }).map(bytes => Buffer.from(bytes).toString('base64')),
  regex: fc.constantFrom('^a+$', '[0-9]'),
  'json-pointer': fc.constantFrom('', '/a', '/a/0'),
};

/** Texts of a schema: of its format, of its pattern, or words within its bounds. */
export function textArbitrary(schema: JsonObject): fc.Arbitrary<string> {
  const { format, pattern } = schema;
  const formatted = typeof format === 'string' ? FORMATS[format] : undefined;
  if (formatted !== undefined) return formatted;
  if (typeof pattern === 'string') {
    const matching = matchingPattern(pattern);
    if (matching !== undefined) return fitting(matching, schema);
  }
  return plainText(schema);
}

function someTime(): fc.Arbitrary<string> {
  const day = 86_400_000;
  const start = Date.UTC(2024, 0, 1);
  return fc.nat(700).map(days => new Date(start + days * day).toISOString());
}

/** Undefined for what is no pattern, or one that cannot be turned around, such as with a look-ahead. */
function matchingPattern(pattern: string): fc.Arbitrary<string> | undefined {
  for (const flags of ['u', '']) {
    try {
      return fc.stringMatching(new RegExp(pattern, flags), { size: 'small' });
    } catch {
      // tried without the flag, then given up
    }
  }
  return undefined;
}

function fitting(texts: fc.Arbitrary<string>, { minLength, maxLength }: JsonObject): fc.Arbitrary<string> {
  const low = typeof minLength === 'number' ? minLength : 0;
  const high = typeof maxLength === 'number' ? maxLength : Number.POSITIVE_INFINITY;
  const fits = (text: string): boolean => {
    const { length } = [...text];
    return length >= low && length <= high;
  };
  // a filter that never lets anything pass would go on forever; validation sorts the rest out
  return fc.array(texts, { minLength: 8, maxLength: 8 }).map(all => all.find(fits) ?? all[0] ?? '');
}

function plainText({ minLength, maxLength }: JsonObject): fc.Arbitrary<string> {
  const low = typeof minLength === 'number' ? minLength : 1;
  const high = typeof maxLength === 'number' ? maxLength : Math.max(low, 40);
  const word = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...WORDS) },
    { weight: 1, arbitrary: fc.constantFrom(...AWKWARD) },
  );
  return fc.tuple(word, fc.nat(9_999)).map(([first, number]) => {
    const text = [...`${first} ${number}`].slice(0, high).join('');
    return text + 'x'.repeat(Math.max(0, low - [...text].length));
  });
}
