/** A process as a server writes it, for tests that need one more. */

import { readExchanges } from './transcript.ts'

const recorded = (scenario: string, step: number): string => {
  const { payload } = JSON.parse(readExchanges(scenario).get(step)?.reply ?? '{}') as { payload: string }
  return Buffer.from(payload, 'base64').toString('utf8')
}

/** JSON text of a recorded submit reply, with other fields put in. */
export const processText = (changes: Readonly<Record<string, unknown>> = {}): string => {
  const text = recorded('submit-full', 5)
  const changed = Object.entries(changes).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
  // A later field of the same name wins, and the wide integers of the recording stay as they are.
  return changed.length === 0 ? text : `${text.trimEnd().replace(/\}$/, '')},${changed.join(',')}}`
}

export const testKey = '6d2fb6f546bacfd98c68769e61e0b44a697a30596c018a50e28200aa59b01c0a'
export const otherKey = 'd6eb959e9aec2e6fdc44b5862b269e987b8a4d6f2baca542d8acaa97ee5e74f6'

/** The message inside a request body. */
export const messageOf = (body: string): Record<string, unknown> => {
  const { payload } = JSON.parse(body) as { payload: string }
  return JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as Record<string, unknown>
}
