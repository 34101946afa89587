export { migrationsDirectory, seedsDirectory } from './directories.ts';
export * from './migrate/index.ts';
export * from './seed/index.ts';
