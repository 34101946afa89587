export {
  checkEncryptedFields,
  countRowsByKey,
  ENCRYPTED_TABLES,
  type FieldCheck,
  fieldContext,
  reencryptFields,
} from './encrypted-fields.ts';
export { decryptField, type EncryptedField, encryptField } from './field-encryption.ts';
export { createFieldReader, type FieldReader } from './field-reader.ts';
