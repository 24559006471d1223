import { type CodeTable, code } from './code.ts'

/** Admission. */
export const admissionCodes = {
  BEE_ENVELOPE_MISSING: code(
    'terminal',
    'The process carries no signed task envelope.',
    'Submit through `bees submit` or the submitter library, which sign.',
  ),
  BEE_ENVELOPE_MALFORMED: code(
    'terminal',
    'The task envelope is not a compact JWS with the claims we expect.',
    'Submit again with a current submitter.',
  ),
  BEE_ENVELOPE_UNTRUSTED: code(
    'terminal',
    'The envelope was signed by a key that is not trusted here.',
    "Add the submitter's public key to BEES_TRUSTED_SUBMITTERS, or look for a forger.",
  ),
  BEE_ENVELOPE_SIGNATURE: code(
    'terminal',
    "The envelope's signature is wrong.",
    'Treat it as forged: find out who can write to the colony.',
  ),
  BEE_ENVELOPE_FOREIGN: code(
    'terminal',
    'The envelope was signed for another colony, bee or task.',
    'Submit the task that the envelope was made for; treat a mismatch on the wire as an attack.',
  ),
  BEE_ENVELOPE_ALTERED: code(
    'terminal',
    'The input is not the one that the envelope was signed for.',
    'Treat it as tampered: find out who can write to the colony.',
  ),
  BEE_ENVELOPE_EXPIRED: code(
    'terminal',
    "The envelope's time window is over.",
    'Submit again; if the queue is that late, add slots or lengthen the validity.',
  ),
  BEE_ENVELOPE_FUTURE: code(
    'terminal',
    'The envelope was issued in the future.',
    'Set the clocks of submitter and hive (NTP).',
  ),
  BEE_ENVELOPE_REPLAYED: code(
    'terminal',
    "The envelope's nonce was used up by another process.",
    'Nothing to do when a submitter repeated itself; otherwise treat it as a replay attack.',
  ),
  BEE_INPUT_INVALID: code(
    'terminal',
    "The input does not fit the task's schema.",
    'Mend the submitter; `bees list --json` prints the schema.',
  ),
  BEE_INPUT_MISMATCH: code(
    'terminal',
    'A different input came under a business key that is already done.',
    'Treat it as forged or corrupted: compare both inputs.',
  ),
} as const satisfies CodeTable
