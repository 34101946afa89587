export { type ImportFormat, readImport } from './features/users/read-import.ts';
export { createRecordValidator } from './features/users/record-validator.ts';
