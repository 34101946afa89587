export { installedVersions, type SystemPostgres, startSystemPostgres } from '@holdfast/testing';
