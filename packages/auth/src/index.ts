export * from './accounts/index.ts';
export * from './audit/index.ts';
export * from './encryption/index.ts';
export * from './passwords/index.ts';
export * from './rbac/index.ts';
export * from './recovery/index.ts';
export * from './sessions/index.ts';
export * from './tokens/index.ts';
