import {
  type ApiContent,
  type ApiOperation,
  type ApiResponse,
  declaredResponse,
} from '../document/api-operation.ts';
import type { Schemas } from '../document/schemas.ts';
import { type ApiAnswer, type Exchange, jsonOf } from '../http/exchange.ts';
import type { Verdict } from '../report/collect-findings.ts';
import { isJsonType } from '../requests/write-body.ts';

/** Statuses that any answer may have, declared or not: they speak of the client's pace or of a cache. */
const ALWAYS_ALLOWED = new Set([304, 429]);

/**
 * What is wrong with an answer to a request that the document allows: the most fundamental thing alone, since the others
 * follow from it. Undefined when it is what the document declares.
 */
export function judgeAnswer(
  operation: ApiOperation,
  exchange: Exchange,
  schemas: Schemas,
): Verdict | undefined {
  if (exchange.result !== 'answered')
    return { kind: 'no_answer', summary: `gave no answer: ${exchange.message}` };
  const { status, undecodable } = exchange;
  if (status >= 500) return { kind: 'server_error', summary: `answered ${status}` };
  if (undecodable !== undefined)
    return { kind: 'encoding_broken', summary: `answered what cannot be read: ${undecodable}` };
  const declared = declaredResponse(operation, status);
  if (declared !== undefined) return judgeDeclared(declared, exchange, schemas);
  if (operation.responses.length === 0 || ALWAYS_ALLOWED.has(status)) return undefined;
  return htmlVerdict(operation, exchange) ?? undeclaredVerdict(operation, exchange);
}

function undeclaredVerdict({ responses }: ApiOperation, { status, headers }: ApiAnswer): Verdict {
  const names = responses.map(response => response.status).join(', ');
  const location = headers.location === undefined ? '' : ` to ${headers.location}`;
  return {
    kind: 'status_undeclared',
    summary: `answered ${status}${location}; declared are ${names}`,
    // many documents leave out that something may not exist
    ...(status === 404 ? { severity: 'warning' as const } : {}),
  };
}

/** A page instead of an answer tells more than its status. */
function htmlVerdict({ responses }: ApiOperation, answer: ApiAnswer): Verdict | undefined {
  const json = responses.some(({ contents }) => contents.some(({ mediaType }) => isJsonType(mediaType)));
  if (!json || !isHtml(answer)) return undefined;
  return { kind: 'html_for_json', summary: `answered ${answer.status} with an HTML page` };
}

export function isHtml({ mediaType, text }: ApiAnswer): boolean {
  return mediaType === 'text/html' || /^\s*<(!doctype html|html)\b/i.test(text);
}

function judgeDeclared(declared: ApiResponse, answer: ApiAnswer, schemas: Schemas): Verdict | undefined {
  const { status, request, text } = answer;
  const bodiless = request.method === 'HEAD' || status === 204 || status === 304;
  if (!bodiless) {
    const problem =
      declared.contents.length === 0 ? undeclaredBody(answer) : judgeBody(declared, answer, schemas);
    if (problem !== undefined) return problem;
  } else if (text !== '') {
    return { kind: 'body_undeclared', summary: `answered ${status} with a body` };
  }
  const missing = declared.requiredHeaders.filter(name => answer.headers[name.toLowerCase()] === undefined);
  if (missing.length === 0) return undefined;
  return { kind: 'header_missing', summary: `answered ${status} without ${missing.join(', ')}` };
}

function undeclaredBody({ text, status, mediaType }: ApiAnswer): Verdict | undefined {
  if (text === '' || status >= 300) return undefined;
  return {
    kind: 'body_undeclared',
    summary: `answered ${status} with a body (${mediaType || 'of no type'})`,
  };
}

function judgeBody({ contents }: ApiResponse, answer: ApiAnswer, schemas: Schemas): Verdict | undefined {
  const { status, text, mediaType, truncated } = answer;
  if (text === '' && !truncated)
    return { kind: 'body_empty', summary: `answered ${status} with nothing in it` };
  const content = contents.find(item => typeMatches(item.mediaType, mediaType));
  if (content === undefined) {
    const names = contents.map(item => item.mediaType).join(', ');
    if (isHtml(answer) && contents.some(item => isJsonType(item.mediaType))) {
      return { kind: 'html_for_json', summary: `answered ${status} with an HTML page; declared is ${names}` };
    }
    return {
      kind: 'content_type',
      summary: `answered ${status} as ${mediaType || 'no type at all'}; declared is ${names}`,
    };
  }
  if (!isJsonType(mediaType) || truncated) return undefined;
  return judgeJson(content, answer, schemas);
}

function judgeJson({ schema }: ApiContent, answer: ApiAnswer, schemas: Schemas): Verdict | undefined {
  const value = jsonOf(answer);
  if (value === undefined)
    return { kind: 'body_not_json', summary: `answered ${answer.status} with broken JSON` };
  if (schema === undefined) return undefined;
  const problems = schemas.check(schema, value);
  if ('unusable' in problems)
    return { kind: 'document', summary: `has a schema that cannot be used: ${problems.unusable}` };
  const [first] = problems;
  if (first === undefined) return undefined;
  return {
    kind: 'body_schema',
    summary: `answered ${answer.status} with a body in which ${first.at === '' ? 'the whole' : first.at} ${first.message}`,
  };
}

/** `application/*` and such are ranges; parameters do not count. */
function typeMatches(declared: string, actual: string): boolean {
  const [name = ''] = declared.split(';', 1);
  const plain = name.trim();
  if (plain === actual || plain === '*/*') return true;
  return plain.endsWith('/*') && actual.startsWith(plain.slice(0, -1));
}
