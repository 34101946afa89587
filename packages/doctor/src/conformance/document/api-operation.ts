import type { Located } from './references.ts';

export const METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

/** Methods that change nothing by definition (RFC 9110 section 9.2.1). */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie';

export interface ApiParameter {
  readonly name: string;
  readonly place: ParameterPlace;
  readonly required: boolean;
  readonly style: string;
  readonly explode: boolean;
  readonly allowReserved: boolean;
  /** Undefined where anything goes. */
  readonly schema: Located | undefined;
  /** When the value is written as a document of this type, such as application/json. */
  readonly mediaType: string | undefined;
  /** Values that the document gives. */
  readonly examples: readonly unknown[];
}

export interface ApiContent {
  readonly mediaType: string;
  readonly schema: Located | undefined;
  readonly examples: readonly unknown[];
}

export interface ApiBody {
  readonly required: boolean;
  readonly contents: readonly ApiContent[];
}

export interface ApiResponse {
  /** `200`, `4XX` or `default`. */
  readonly status: string;
  readonly contents: readonly ApiContent[];
  readonly requiredHeaders: readonly string[];
}

/** One operation of the document, references resolved. */
export interface ApiOperation {
  /** `GET /orders/{id}` */
  readonly id: string;
  readonly operationId: string | undefined;
  readonly method: Method;
  /** The path template, without the path of the server. */
  readonly path: string;
  readonly deprecated: boolean;
  readonly parameters: readonly ApiParameter[];
  readonly body: ApiBody | undefined;
  readonly responses: readonly ApiResponse[];
  /** The alternatives, each a set of schemes; none at all is a public operation, an empty one makes it optional. */
  readonly security: readonly (readonly string[])[];
  /** Where this operation is served from, when that differs from the rest. */
  readonly server: string | undefined;
}

export function isPublic({ security }: ApiOperation): boolean {
  return security.length === 0;
}

/** Whether the document says that nobody gets in without credentials. */
export function isProtected({ security }: ApiOperation): boolean {
  return security.length > 0 && security.every(schemes => schemes.length > 0);
}

/** The response that the document declares for a status: the exact one before the range, the range before the default. */
export function declaredResponse({ responses }: ApiOperation, status: number): ApiResponse | undefined {
  const names = [String(status), `${String(status)[0]}XX`, 'DEFAULT'];
  return names
    .map(name => responses.find(item => item.status.toUpperCase() === name))
    .find(item => item !== undefined);
}
