export { type ApiDocument, holdfastDocument, readApiDocument } from './compare/api-document.ts';
export {
  type ApiCall,
  type Comparison,
  FINDING_CODES,
  type FindingCode,
  type FrontendFinding,
  type FrontendMap,
  type Place,
} from './frontend-map.ts';
export { type MapOptions, mapFrontend } from './map-frontend.ts';
