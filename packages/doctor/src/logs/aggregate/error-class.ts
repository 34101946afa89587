/** The classes that errors are counted in. */
export const ERROR_CLASSES = [
  '401',
  '403',
  '404',
  '405',
  '429',
  '4xx',
  '500',
  '502',
  '503',
  '504',
  '5xx',
] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** The indexes of the classes that are the server's fault. */
export const SERVER_CLASSES = indexesOf('500', '502', '503', '504', '5xx');
/** What a route answers when its callers and it no longer speak of the same thing. */
export const ROUTE_CLASSES = indexesOf('404', '405', '4xx');

const BY_STATUS = Int8Array.from({ length: 600 }, (_, status) => {
  if (status < 400) return -1;
  const own = (ERROR_CLASSES as readonly string[]).indexOf(String(status));
  if (own !== -1) return own;
  // 499: the caller of nginx went away, which is nobody's answer
  if (status === 499) return -1;
  return ERROR_CLASSES.indexOf(status < 500 ? '4xx' : '5xx');
});

/** The index of the class of a status; -1 when it is no error. */
export function classOf(status: number): number {
  return BY_STATUS[status] ?? -1;
}

export function indexesOf(...classes: readonly ErrorClass[]): readonly number[] {
  return classes.map(name => ERROR_CLASSES.indexOf(name));
}
