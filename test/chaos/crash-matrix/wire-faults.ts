/** What can happen to one message between an executor and what it talks to. */

export interface WireFault {
  /**
   * What becomes of the request: it arrives once, never, twice one after the other, twice at once, after its sender has
   * given up, or after all is over (`release`).
   */
  readonly arrives: 'once' | 'never' | 'twice' | 'at_once' | 'late' | 'last'
  /**
   * What the sender gets: the real answer, nothing (the connection is cut), half of the answer's body and then a cut, half
   * and then silence, the answer after it has given up, or another answer.
   */
  readonly answer: 'real' | 'none' | 'half' | 'stalled' | 'late' | Substitute
}

export interface Substitute {
  readonly status: number
  readonly type: string
  readonly body: string
}

const html = '<html><head><title>502 Bad Gateway</title></head></html>'
const json = 'application/json; charset=utf-8'
const substitutes = {
  'empty 200': { status: 200, type: json, body: '' },
  'half JSON 200': { status: 200, type: json, body: '{"half": ' },
  'empty 404': { status: 404, type: json, body: '' },
  'array 404': { status: 404, type: json, body: '[]' },
  'empty 500': { status: 500, type: json, body: '' },
  'HTML 502': { status: 502, type: 'text/html', body: html },
  '503': { status: 503, type: 'text/plain', body: 'Service Unavailable' },
} as const satisfies Readonly<Record<string, Substitute>>

const plain = {
  'request lost': { arrives: 'never', answer: 'none' },
  'answer lost': { arrives: 'once', answer: 'none' },
  'answer cut in its body': { arrives: 'once', answer: 'half' },
  'answer stalls in its body': { arrives: 'once', answer: 'stalled' },
  'request late': { arrives: 'late', answer: 'none' },
  'answer late': { arrives: 'once', answer: 'late' },
  'request after the end': { arrives: 'last', answer: 'none' },
  'sent twice': { arrives: 'twice', answer: 'real' },
  'sent twice at once': { arrives: 'at_once', answer: 'real' },
} as const satisfies Readonly<Record<string, WireFault>>

const replaced = Object.entries(substitutes).flatMap(([name, answer]): [string, WireFault][] => [
  [`${name}, done`, { arrives: 'once', answer }],
  [`${name}, not done`, { arrives: 'never', answer }],
])

/** Every fault of a message, by its name in the table. */
export const wireFaults: ReadonlyMap<string, WireFault> = new Map([...Object.entries(plain), ...replaced])
