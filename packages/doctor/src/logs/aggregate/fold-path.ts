const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const NUMBER = /^[+-]?\d+(?:[.,_-]\d+)*$/;
const HEX = /^(?=.*\d)(?=.*[a-f])[0-9a-f]{8,}$/i;
const OPAQUE = /^(?=.*\d)(?=.*[a-z])[\w~.=+-]{20,}$/i;
const PREFIXED_ID = /^[a-z]{2,8}_(?=.*\d)[\w-]{6,}$/i;
const MAIL = /@|%40/;
const ASSET =
  /\.(?:png|jpe?g|gif|svg|ico|webp|avif|css|js|mjs|map|woff2?|ttf|eot|pdf|mp[34]|webm|zip|gz|txt|xml)$/i;
const MAX_SEGMENTS = 8;

/** `/users/17/orders/3f2a…` becomes `/users/{id}/orders/{id}`, and assets are taken together by folder and kind. */
export function foldPath(path: string): string {
  const segments = path.split('/');
  const last = segments.at(-1) ?? '';
  const asset = ASSET.exec(last);
  if (asset !== null && segments.length > 2)
    return `/${foldSegment(segments[1] ?? '')}/*${asset[0].toLowerCase()}`;
  const folded = segments.slice(0, MAX_SEGMENTS + 1).map(foldSegment);
  if (segments.length > MAX_SEGMENTS + 1) folded.push('*');
  const result = folded.join('/');
  return result.length > 1 && result.endsWith('/') ? result.slice(0, -1) : result;
}

function foldSegment(segment: string): string {
  if (segment.length === 0) return segment;
  const isValue =
    NUMBER.test(segment) ||
    UUID.test(segment) ||
    HEX.test(segment) ||
    OPAQUE.test(segment) ||
    PREFIXED_ID.test(segment) ||
    MAIL.test(segment) ||
    segment.length > 64;
  return isValue ? '{id}' : segment;
}
