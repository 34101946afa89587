import {
  type ApiBody,
  type ApiContent,
  type ApiOperation,
  type ApiResponse,
  METHODS,
  type Method,
} from './api-operation.ts';
import { displayPlace, documentError } from './document-error.ts';
import { isObject, type JsonObject, membersOf, textOf } from './json-value.ts';
import type { LoadedDocument } from './load-document.ts';
import { readExamples, readParameters } from './read-parameters.ts';
import type { Located, References } from './references.ts';
import { serverUrl } from './servers.ts';

/** The operations of a document, in its order. @throws `openapi_unusable` with the place of what is no operation. */
export function readOperations(document: LoadedDocument): ApiOperation[] {
  const { references, root } = document;
  const { paths } = root.value as JsonObject;
  if (!isObject(paths)) {
    // 3.1 may have webhooks or components alone
    if (paths === undefined && document.version === '3.1') return [];
    throw documentError(displayPlace(root.uri, ['paths']), 'is no object');
  }
  return Object.keys(paths)
    .filter(path => !path.startsWith('x-'))
    .flatMap(path => {
      if (!path.startsWith('/')) {
        throw documentError(displayPlace(root.uri, ['paths', path]), 'does not begin with a slash');
      }
      const item = references.settle(child({ file: root, path: ['paths'], value: paths }, path));
      return readPathItem(document, path, expectObject(item));
    });
}

type LocatedObject = Located & { readonly value: JsonObject };

function expectObject(located: Located): LocatedObject {
  if (isObject(located.value)) return located as LocatedObject;
  throw documentError(displayPlace(located.file.uri, located.path), 'is no object');
}

function child(parent: Located, key: string): Located {
  const value =
    isObject(parent.value) || Array.isArray(parent.value) ? Reflect.get(parent.value, key) : undefined;
  return { file: parent.file, path: [...parent.path, key], value };
}

function readPathItem(document: LoadedDocument, path: string, item: LocatedObject): ApiOperation[] {
  return METHODS.filter(method => item.value[method.toLowerCase()] !== undefined).map(method => {
    const operation = expectObject(child(item, method.toLowerCase()));
    return readOperation(document, { path, method, item, operation });
  });
}

interface Place {
  readonly path: string;
  readonly method: Method;
  readonly item: LocatedObject;
  readonly operation: LocatedObject;
}

function readOperation(document: LoadedDocument, { path, method, item, operation }: Place): ApiOperation {
  const { references, root } = document;
  const { operationId, deprecated, security, servers } = operation.value;
  return {
    id: `${method} ${path}`,
    operationId: textOf(operationId),
    method,
    path,
    deprecated: deprecated === true,
    parameters: readParameters(references, path, [child(item, 'parameters'), child(operation, 'parameters')]),
    body: readBody(references, child(operation, 'requestBody')),
    responses: readResponses(references, child(operation, 'responses')),
    security: readSecurity(security ?? (root.value as JsonObject).security),
    server: serverUrl(servers ?? item.value.servers, document.uri),
  };
}

function readBody(references: References, body: Located): ApiBody | undefined {
  if (body.value === undefined) return undefined;
  const settled = expectObject(references.settle(body));
  return {
    required: settled.value.required === true,
    contents: readContents(references, child(settled, 'content')),
  };
}

function readResponses(references: References, responses: Located): ApiResponse[] {
  if (responses.value === undefined) return [];
  const settled = expectObject(responses);
  return Object.keys(settled.value)
    .filter(status => !status.startsWith('x-'))
    .map(status => readResponse(references, status, child(settled, status)));
}

function readResponse(references: References, status: string, located: Located): ApiResponse {
  if (!/^([1-5]\d\d|[1-5]XX|default)$/i.test(status)) {
    throw documentError(displayPlace(located.file.uri, located.path), `"${status}" is no status code`);
  }
  const settled = expectObject(references.settle(located));
  const headers = membersOf(settled.value.headers).map(([name]) => {
    const header = references.settle(child(child(settled, 'headers'), name));
    return { name, required: isObject(header.value) && header.value.required === true };
  });
  return {
    status,
    contents: readContents(references, child(settled, 'content')),
    // the one header that has a place of its own
    requiredHeaders: headers
      .filter(({ name, required }) => required && name.toLowerCase() !== 'content-type')
      .map(({ name }) => name),
  };
}

function readContents(references: References, content: Located): ApiContent[] {
  return membersOf(content.value).map(([mediaType]) => {
    const entry = references.settle(child(content, mediaType));
    const schema = child(entry, 'schema');
    return {
      mediaType: mediaType.toLowerCase(),
      schema: schema.value === undefined ? undefined : schema,
      examples: isObject(entry.value) ? readExamples(references, entry) : [],
    };
  });
}

function readSecurity(security: unknown): string[][] {
  if (!Array.isArray(security)) return [];
  const alternatives = security.filter(isObject).map(item => Object.keys(item));
  // [{}] says the same as []: nothing is needed
  return alternatives.every(schemes => schemes.length === 0) ? [] : alternatives;
}
