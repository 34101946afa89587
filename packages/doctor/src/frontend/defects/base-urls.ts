import type { CallRecord } from '../calls/call-record.ts';
import type { BaseUrl } from '../calls/url-template.ts';
import type { BaseUrlUse, FrontendFinding } from '../frontend-map.ts';
import type { FunctionFacts } from '../read/module-facts.ts';
import { finding, hostOf, type Inspect, type Inspection, placeOf, sourceOf } from './inspection.ts';

const keyOf = ({ kind, value }: BaseUrl) => `${kind} ${value}`;

/** A variable of the build that nothing sets: every call then goes to `undefined/…` on the page's own host. */
export const baseUrlUnset: Inspect = ({ records, settings }) => {
  const first = new Map<string, CallRecord>();
  for (const record of records.filter(call => isUnset(call, settings.variables)))
    if (!first.has(record.template.base.value)) first.set(record.template.base.value, record);
  return [...first.values()].map(({ origin, template }) =>
    finding(
      'base_url_unset',
      origin.module,
      origin.node,
      `${template.base.value} is in no .env file that a production build reads and has no default: unset, calls go to "undefined${template.known}" on the host of the page.`,
      `Set ${template.base.value} for the build, or let the build fail without it.`,
    ),
  );
};

/** Whether a call goes to a base that the build does not know. */
export function isUnset({ template, request }: CallRecord, variables: ReadonlyMap<string, string>): boolean {
  const { base } = template;
  return base.kind === 'env' && request.hasFallback !== true && (variables.get(base.value) ?? '') === '';
}

/** The page of the application itself, 200 and HTML, read as if it were the answer of the API. */
export const htmlParsedAsJson: Inspect = ({ records, settings }) => {
  const seen = new Set<FunctionFacts>();
  return records.flatMap(({ origin, template, request }): FrontendFinding[] => {
    const fn = outermost(origin.fn);
    if (fn === undefined || seen.has(fn) || !isUnset({ template, request } as CallRecord, settings.variables))
      return [];
    const text = sourceOf(fn.module, fn.node);
    if (
      request.library !== 'fetch' ||
      !/\.json\(\)/.test(text) ||
      /\.ok\b|content-type|\.status\b/i.test(text)
    )
      return [];
    seen.add(fn);
    return [
      finding(
        'html_parsed_as_json',
        origin.module,
        origin.node,
        `The answer is read as JSON without a look at its status or type; without ${template.base.value} it is the page's own HTML.`,
        'Check response.ok and the content type before response.json().',
      ),
    ];
  });
};

function outermost(fn: FunctionFacts | undefined): FunctionFacts | undefined {
  return fn?.parent === undefined ? fn : outermost(fn.parent);
}

/** The bases that calls go to, the most used first; of those that are used alike, this machine last. */
export function baseUrlUses(records: readonly CallRecord[]): readonly BaseUrlUse[] {
  const groups = Map.groupBy(
    records.filter(({ template }) => template.path !== undefined),
    ({ template }) => `${keyOf(template.base)} ${prefixOf(template.known)}`,
  );
  return [...groups.values()]
    .flatMap(([first, ...rest]) => {
      if (first === undefined) return [];
      const { site, template } = first;
      return [
        {
          base: template.base,
          prefix: prefixOf(template.known),
          calls: rest.length + 1,
          example: placeOf(site.module, site.node),
        },
      ];
    })
    .sort((a, b) => b.calls - a.calls || Number(isLocal(a.base.value)) - Number(isLocal(b.base.value)));
}

/** `/api/v1` of `/api/v1/users`; empty when the path does not begin like an API's. */
function prefixOf(path: string): string {
  return /^\/(?:api|rest|graphql|v\d+)(?:\/v\d+)?(?=\/|$)/i.exec(path)?.[0] ?? '';
}

const LOCAL = /^(?:https?:)?\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::\d+)?$/i;

/** Whether a base is this machine, which no visitor has. */
export function isLocal(base: string): boolean {
  return LOCAL.test(base);
}

/** One program, one API, two ideas of where it is. */
export const baseUrlsDisagree: Inspect = inspection => {
  const { records } = inspection;
  const uses = baseUrlUses(records);
  const [main] = uses;
  if (main === undefined) return [];
  return uses.slice(1).flatMap((use): FrontendFinding[] => {
    const host = hostOf(inspection, use.base);
    const same = uses.find(({ base }) => hostOf(inspection, base) === host) ?? use;
    const other = disagreement(inspection, main, use) === undefined ? same : main;
    const reason = disagreement(inspection, other, use);
    const record = records.find(({ site }) => {
      const place = placeOf(site.module, site.node);
      return (
        place.file === use.example.file &&
        place.line === use.example.line &&
        place.column === use.example.column
      );
    });
    if (reason === undefined || record === undefined) return [];
    const { module, node } = record.site;
    return [
      finding(
        'base_urls_disagree',
        module,
        node,
        `${reason} (${other.example.file}:${other.example.line}, ${other.calls} in all).`,
        'Keep the base URL in one place and use it everywhere.',
      ),
    ];
  });
};

function disagreement(
  inspection: Inspection,
  main: BaseUrlUse,
  { base, prefix }: BaseUrlUse,
): string | undefined {
  const isSame = hostOf(inspection, base) === hostOf(inspection, main.base);
  if (isSame && prefix !== main.prefix && prefix !== '' && main.prefix !== '')
    return `Calls here begin with ${prefix}, the others with ${main.prefix}`;
  if (isSame || base.kind !== 'absolute') return undefined;
  if (isLocal(base.value))
    return `${base.value} is this machine alone, the other calls go to ${nameOf(main.base)}`;
  return isSibling(base.value, hostOf(inspection, main.base))
    ? `Calls here go to ${base.value}, the others to ${main.base.value}`
    : undefined;
}

function nameOf({ kind, value }: BaseUrl): string {
  return kind === 'page' ? 'the host of the page' : value;
}

/** Whether two hosts have the same registered domain, as far as the last two labels tell. */
export function isSibling(one: string, other: string): boolean {
  const domain = (url: string) =>
    url
      .replace(/^.*\/\//, '')
      .replace(/:\d+$/, '')
      .split('.')
      .slice(-2)
      .join('.');
  return domain(one) === domain(other);
}
