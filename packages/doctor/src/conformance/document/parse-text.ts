import { errorMessage } from '@holdfast/core';
import { LineCounter, parseDocument } from 'yaml';
import { displayName, documentError } from './document-error.ts';

/**
 * Parses JSON, or YAML 1.2 with anchors and merge keys.
 * @throws `openapi_unusable` with line and column of the first mistake.
 */
export function parseText(text: string, uri: string): unknown {
  const start = text.trimStart();
  if (start.startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      // read as YAML, of which JSON is a part: it says where the mistake is
    }
  }
  if (start.startsWith('<')) {
    throw documentError(`${displayName(uri)}:1:1`, 'this is HTML or XML, not an OpenAPI document');
  }
  return parseYaml(text, uri);
}

function parseYaml(text: string, uri: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, merge: true, prettyErrors: false });
  const [mistake] = document.errors;
  if (mistake !== undefined) {
    const { line, col } = lineCounter.linePos(mistake.pos[0]);
    throw documentError(`${displayName(uri)}:${line}:${col}`, mistake.message, mistake);
  }
  try {
    return document.toJS();
  } catch (error) {
    throw documentError(displayName(uri), errorMessage(error), error);
  }
}
