import { encode, type Json } from './json.ts'

/** What a handler answers: a payload, or a bare status with a body of zero length. */
export type Reply =
  | { readonly kind: 'payload'; readonly json: string; readonly payloadtype?: string }
  | { readonly kind: 'empty'; readonly status: number }

/** A payload; `payloadtype` only where it differs from that of the request. */
export function reply(value: Json, payloadtype?: string): Reply {
  const json = encode(value)
  return payloadtype === undefined ? { kind: 'payload', json } : { kind: 'payload', json, payloadtype }
}

/** The usual answer of calls without a result: `{}`. */
export const done: Reply = Object.freeze({ kind: 'payload', json: '{}' })

/** HTTP 200 without a body: what the original does for strangers in two calls. */
export const silence: Reply = Object.freeze({ kind: 'empty', status: 200 })
