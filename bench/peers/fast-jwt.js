// The peer of the verification benchmark; it is installed in bench/ alone.
export { createVerifier } from 'fast-jwt';
