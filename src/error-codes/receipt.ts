import { type CodeTable, code } from './code.ts'

/** Receipts. */
export const receiptCodes = {
  BEE_RECEIPT_MALFORMED: code(
    'terminal',
    'The receipt is not a compact JWS with the claims we expect.',
    'Get the receipt again: `bees verify <process id>` reads it from the ledger.',
  ),
  BEE_RECEIPT_KEY_UNKNOWN: code(
    'terminal',
    "No known key has the receipt's key id.",
    'Add the key to the key file; keys are published at /.well-known/jwks.json.',
  ),
  BEE_RECEIPT_KEY_NOT_VALID: code(
    'terminal',
    'The key was not valid when the receipt was signed.',
    "Treat it as forged unless the key's validity times are wrong.",
  ),
  BEE_RECEIPT_SIGNATURE: code('terminal', "The receipt's signature is wrong.", 'Treat it as forged.'),
  BEE_RECEIPT_MISMATCH: code(
    'terminal',
    'The receipt is genuine but speaks of something else.',
    'Compare the fields that the message names.',
  ),
  BEE_RECEIPT_NOT_FOUND: code(
    'terminal',
    'There is no receipt for that process.',
    'Check the process id; a process that is still running has none.',
  ),
  BEE_RECEIPT_CHAIN_BROKEN: code(
    'terminal',
    'A receipt of this executor is missing or altered.',
    'Find the receipt with the digest that the message names.',
  ),
  BEE_KEYS_MALFORMED: code(
    'terminal',
    'The key file is not a set of Ed25519 public keys (JWKS).',
    'Fetch it again from /.well-known/jwks.json of the hive that signed.',
  ),
} as const satisfies CodeTable
