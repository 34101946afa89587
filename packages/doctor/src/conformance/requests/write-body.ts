import type { ApiContent } from '../document/api-operation.ts';
import { isObject } from '../document/json-value.ts';

export interface WrittenBody {
  readonly contentType: string;
  readonly text: string;
}

const BOUNDARY = 'holdfast-conformance-boundary';

export function isJsonType(mediaType: string): boolean {
  return /^[^/]+\/(json|[^;]*\+json|json-[^;]*|x-ndjson)\b/.test(mediaType) && !mediaType.includes('ndjson');
}

/** The content that can be written, JSON before the others; undefined for XML and whatever else there is. */
export function writableContent(contents: readonly ApiContent[]): ApiContent | undefined {
  const order = [
    isJsonType,
    (type: string) => type.startsWith('application/x-www-form-urlencoded'),
    (type: string) => type.startsWith('multipart/form-data'),
    (type: string) => type.startsWith('text/plain'),
  ];
  return order
    .map(is => contents.find(({ mediaType }) => is(mediaType)))
    .find(content => content !== undefined);
}

/** A value as a body of a media type. */
export function writeBody(mediaType: string, value: unknown): WrittenBody {
  if (isJsonType(mediaType)) return { contentType: mediaType, text: JSON.stringify(value) };
  const entries = isObject(value)
    ? Object.entries(value).map(([key, item]) => [key, fieldText(item)] as const)
    : [];
  if (mediaType.startsWith('multipart/form-data')) {
    const parts = entries.map(
      ([name, text]) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`,
    );
    return {
      contentType: `${mediaType}; boundary=${BOUNDARY}`,
      text: `${parts.join('')}--${BOUNDARY}--\r\n`,
    };
  }
  if (mediaType.startsWith('application/x-www-form-urlencoded')) {
    return {
      contentType: mediaType,
      text: new URLSearchParams(Object.fromEntries(entries)).toString(),
    };
  }
  return { contentType: mediaType, text: fieldText(value) };
}

function fieldText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
