export { diffCatalogs } from './diff/diff-catalogs.ts';
