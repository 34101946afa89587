/** Audits of a project's npm packages: from files, and from what a registry knows of vulnerabilities. */
export type {
  AdvisoryAnswer,
  DependencyAudit,
  DependencyFinding,
  FindingKind,
  InstallScript,
  PackageManager,
} from './audit.ts';
export { type AuditOptions, auditDependencies } from './audit-dependencies.ts';
export {
  DEPENDENCY_CHECKS,
  DEPENDENCY_FAULTS,
  dependencyObservation,
} from './dependency-evidence.ts';
export { type RenderAuditOptions, renderAudit } from './render-audit.ts';
