import { native, type Value } from './value.ts';

const GLOBALS = new Set([
  'fetch',
  'Request',
  'XMLHttpRequest',
  'WebSocket',
  'EventSource',
  'URL',
  'URLSearchParams',
  '$fetch',
  'useFetch',
  'useLazyFetch',
  'String',
  'encodeURIComponent',
  'encodeURI',
  'Object',
  'JSON',
  'Number',
  'localStorage',
  'sessionStorage',
  'navigator',
  'location',
  'document',
  'Promise',
]);
const WINDOWS = new Set(['window', 'globalThis', 'self']);

/** What a name means that no scope declares. */
export function globalValue(name: string): Value {
  if (WINDOWS.has(name)) return native('window');
  if (GLOBALS.has(name)) return native(name);
  if (name === 'undefined') return { kind: 'nothing' };
  return { kind: 'unknown', name };
}

/** What a library exports that matters to calls; undefined for everything else. */
export function libraryValue(request: string, name: string): Value | undefined {
  switch (request) {
    case 'axios':
      return axiosExport(name);
    case 'ky':
    case 'ky-universal':
      return client('ky');
    case 'ofetch':
    case 'ohmyfetch':
    case '#app':
    case '#imports':
      return nuxtExport(name);
    case 'openapi-fetch':
      return native('openapi-fetch.create');
    case 'openapi-react-query':
      return native('openapi-react-query.create');
    case '@angular/common/http':
      return name === 'HttpClient' ? native(name) : undefined;
    case '@angular/core':
      return name === 'inject' ? native(name) : undefined;
    case 'superagent':
      return client('superagent');
    case 'swr':
    case 'swr/mutation':
      return native('useSWR');
    case 'cross-fetch':
    case 'isomorphic-fetch':
    case 'node-fetch':
    case 'whatwg-fetch':
    case 'isomorphic-unfetch':
      return native('fetch');
    case 'react-router':
    case 'react-router-dom':
      return name === 'generatePath' ? native('generatePath') : undefined;
    case 'jwt-decode':
      return undefined;
    default:
      return /^@reduxjs\/toolkit\/query/.test(request) ? native(`rtk.${name}`) : undefined;
  }
}

function axiosExport(name: string): Value | undefined {
  if (name === 'default' || name === '*' || name === 'axios') return client('axios');
  return name === 'isAxiosError' ? native('isAxiosError') : undefined;
}

function nuxtExport(name: string): Value | undefined {
  if (name === 'ofetch' || name === '$fetch' || name === '$Fetch') return native('$fetch');
  return name === 'useFetch' || name === 'useLazyFetch' ? native(name) : undefined;
}

/** A client of a library with nothing set. */
export function client(library: string): Value {
  return { kind: 'client', client: { library, base: undefined, credentials: false, at: undefined } };
}
