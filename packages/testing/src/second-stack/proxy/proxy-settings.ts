/** What the reverse proxy in front of the shop does besides forwarding. */
export interface ProxySettings {
  /** Paths that are sent on to the same path with a slash. */
  readonly slashRedirects: readonly string[];
  /** Whether errors of the shop are replaced by a page. */
  readonly errorPages: boolean;
  /** The port of the shop; another one is a proxy that points nowhere. */
  readonly upstreamPort: number;
  /** How long it waits for an answer of the shop, in milliseconds; after that it answers 504 itself. */
  readonly timeoutMs: number;
}

/** Far longer than the shop ever takes. */
export const PATIENT_MS = 60_000;

/** A proxy that forwards and does nothing else. */
export const FORWARDING: Omit<ProxySettings, 'upstreamPort'> = {
  slashRedirects: [],
  errorPages: false,
  timeoutMs: PATIENT_MS,
};

export const ERROR_PAGE = '<!doctype html>\n<html><body><h1>This page is not available</h1></body></html>\n';
export const REPLACED = [401, 403, 404, 405, 422];
