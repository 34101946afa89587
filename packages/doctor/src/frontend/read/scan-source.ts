/** What a source file shows before it is parsed. */
export interface SourceScan {
  /** Whether it names something that makes requests. */
  readonly asks: boolean;
  /** Whether it has something that a check looks at wherever it stands. */
  readonly marked: boolean;
  /** What it imports, as written. Comments may add some that are none. */
  readonly imports: readonly string[];
}

/** Everything that a request can begin with. A word more costs time; a word too few loses calls. */
const ASKS =
  /\bfetch\b|\$(?:fetch|http|axios|api)\b|XMLHttpRequest|EventSource|sendBeacon|WebSocket|\bRequest\b|axios|\b(?:Http|http)Client\b|KyInstance|use(?:Lazy)?Fetch\b|useSWR|localVarPath|['"](?:ky|ky-universal|ofetch|ohmyfetch|superagent|swr(?:\/mutation)?|openapi-[\w-]+|[\w-]*fetch)['"]/;
/** Token stores, sign-outs, statuses and headers: what the checks mark. */
const MARKED =
  /\b403\b|Bearer |\.response\b|\.config\b|(?:local|session)Storage|[cC]ookie|(?:[tT]oken|[jJ][wW][tT])\s*=[^=>]|(?:log|sign)_?-?(?:out|Out)|(?:clear|remove|delete|reset|destroy|drop)\w*(?:Token|Session|Auth|Credential)|\/(?:log|sign)-?in\b|[lL]ogin\(/;
const IMPORT = /\b(?:from|import|require)\s*\(?\s*(?:['"]([^'"\n]+)['"])/g;

/** Looks for a few words in a text; a thousand times faster than to parse it. */
export function scanSource(text: string): SourceScan {
  const imports = new Set<string>();
  for (const match of text.matchAll(IMPORT)) if (match[1] !== undefined) imports.add(match[1]);
  const asks = ASKS.test(text);
  return { asks, marked: asks || MARKED.test(text), imports: [...imports] };
}
