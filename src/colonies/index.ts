export { assertPrivateKey, generatePrivateKey, identityOf, parsePrivateKey, recoverIdentity, sign } from './crypto.ts'
