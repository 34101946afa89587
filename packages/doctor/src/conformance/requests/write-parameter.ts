import type { ApiParameter } from '../document/api-operation.ts';
import { isObject } from '../document/json-value.ts';

/** A value as its parameter writes it into a path, by OpenAPI's styles (RFC 6570 for simple, label and matrix). */
export function pathText(parameter: ApiParameter, value: unknown): string {
  const { name, style, explode } = parameter;
  const encode = encoder(parameter);
  if (parameter.mediaType !== undefined) return encodeURIComponent(JSON.stringify(value));
  if (style === 'label') return `.${flat(value, encode, explode ? '.' : ',', explode ? '=' : ',')}`;
  if (style === 'matrix') return matrix(name, value, explode, encode);
  return flat(value, encode, ',', explode ? '=' : ',');
}

function matrix(name: string, value: unknown, explode: boolean, encode: (text: string) => string): string {
  if (explode && Array.isArray(value)) return value.map(item => `;${name}=${encode(scalar(item))}`).join('');
  if (explode && isObject(value)) {
    return Object.entries(value)
      .map(([key, item]) => `;${encode(key)}=${encode(scalar(item))}`)
      .join('');
  }
  return `;${name}=${flat(value, encode, ',', ',')}`;
}

/** A value as pairs of the query string or of a form, encoded. */
export function queryPairs(parameter: ApiParameter, value: unknown): string[] {
  const { style, explode } = parameter;
  const encode = encoder(parameter);
  const name = encodeURIComponent(parameter.name);
  if (parameter.mediaType !== undefined) return [`${name}=${encodeURIComponent(JSON.stringify(value))}`];
  if (Array.isArray(value)) {
    if (explode && style === 'form') return value.map(item => `${name}=${encode(scalar(item))}`);
    const separator = { spaceDelimited: '%20', pipeDelimited: '%7C' }[style] ?? ',';
    return [`${name}=${value.map(item => encode(scalar(item))).join(separator)}`];
  }
  if (!isObject(value)) return [`${name}=${encode(scalar(value))}`];
  const entries = Object.entries(value);
  if (style === 'deepObject') {
    return entries.map(([key, item]) => `${name}%5B${encodeURIComponent(key)}%5D=${encode(scalar(item))}`);
  }
  if (explode) return entries.map(([key, item]) => `${encodeURIComponent(key)}=${encode(scalar(item))}`);
  return [`${name}=${flat(value, encode, ',', ',')}`];
}

/** A value as the text of a header or of a cookie. */
export function headerText({ explode, mediaType, place }: ApiParameter, value: unknown): string {
  const text =
    mediaType === undefined ? flat(value, scalar, ',', explode ? '=' : ',') : JSON.stringify(value);
  return place === 'cookie' || !isHeaderSafe(text) ? encodeURIComponent(text) : text;
}

function isHeaderSafe(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function flat(value: unknown, encode: (text: string) => string, between: string, pair: string): string {
  if (Array.isArray(value)) return value.map(item => encode(scalar(item))).join(between);
  if (!isObject(value)) return encode(scalar(value));
  return Object.entries(value)
    .map(([key, item]) => `${encode(key)}${pair}${encode(scalar(item))}`)
    .join(between);
}

function scalar(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Reserved characters may stay as they are where the document says so, except those that end a query. */
function encoder({ allowReserved, place }: ApiParameter): (text: string) => string {
  if (!allowReserved || place !== 'query') return encodeURIComponent;
  return text => encodeURI(text).replaceAll(/[#&+]/g, encodeURIComponent);
}
