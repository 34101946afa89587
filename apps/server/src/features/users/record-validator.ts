import { ImportRecord } from '@holdfast/contract';
import { Compile } from 'typebox/compile';
import { validationItems } from '../../problems/validation-failed.ts';
import type { RecordValidator } from './read-import.ts';

/** A validator of import records for where there is no request to take one from. */
export function createRecordValidator(): RecordValidator {
  const validator = Compile(ImportRecord);
  return value =>
    validator.Check(value) ? [] : validationItems(validator.Errors(value).map(asMismatch), '');
}

type Mismatch = Parameters<typeof validationItems>[0][number];

/** One member at a time, as ajv reports those that are missing or not known. */
function asMismatch({ keyword, instancePath, schemaPath, params, message }: ValidatorError): Mismatch {
  const { requiredProperties, additionalProperties } = params as Record<
    string,
    readonly string[] | undefined
  >;
  return {
    keyword,
    instancePath,
    schemaPath,
    message,
    params: {
      ...(params as Record<string, string>),
      ...(requiredProperties?.[0] === undefined ? {} : { missingProperty: requiredProperties[0] }),
      ...(additionalProperties?.[0] === undefined ? {} : { additionalProperty: additionalProperties[0] }),
    },
  };
}

type ValidatorError = ReturnType<ReturnType<typeof Compile>['Errors']>[number];
