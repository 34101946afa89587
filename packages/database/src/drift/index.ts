export { diffCatalogs } from './diff/diff-catalogs.ts';
export { type ReconcileOptions, type Reconciliation, reconcile } from './reconcile/reconcile.ts';
