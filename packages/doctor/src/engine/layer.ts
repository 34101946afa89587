/** The layers of a system from its foundation to its surface. A fault in an earlier layer is the deeper one. */
export const LAYERS = [
  'config',
  'time',
  'process',
  'database',
  'schema',
  'data',
  'auth',
  'api',
  'proxy',
  'realtime',
  'worker',
  'external',
  'frontend',
] as const;

export type Layer = (typeof LAYERS)[number];

/** 0 for the foundation; larger towards the surface. */
export function layerDepth(layer: Layer): number {
  return LAYERS.indexOf(layer);
}
