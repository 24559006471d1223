import { readdirSync, readFileSync } from 'node:fs'

/** Recorded exchanges with a real server; test/contract/colonies/README.md explains every field. */
export interface Transcript {
  readonly scenario: string
  readonly title: string
  readonly server: { readonly settings: TranscriptSettings }
  readonly roles: Readonly<Record<string, { readonly prvkey: string; readonly id: string }>>
  readonly steps: readonly Step[]
}

export interface TranscriptSettings {
  readonly exclusiveassign: boolean
  readonly allowexecutorreregister: boolean
  readonly tz: string
  readonly staleexecutorduration_s: number
  readonly cleanupinterval_s: number
  readonly croncheckerperiod_ms: number
  readonly generatorcheckerperiod_ms: number
}

export interface Poll {
  readonly everyMs: number
  readonly maxMs: number
  readonly until: readonly PollCondition[]
}

export interface PollCondition {
  readonly path: string
  readonly equals?: unknown
  readonly notEquals?: unknown
  readonly atLeast?: number
}

export interface RecordedReply {
  readonly payloadtype: string
  readonly error: boolean
  readonly payload: unknown
}

export interface Step {
  readonly step: number
  readonly kind: string
  readonly role?: string
  readonly msgtype?: string
  readonly request?: Readonly<Record<string, unknown>>
  readonly unsigned?: boolean
  readonly pending?: boolean
  readonly to?: number
  readonly httpStatus?: number
  readonly reply?: RecordedReply | null
  readonly replyText?: string
  readonly emptyBody?: boolean
  readonly elapsedMs?: number
  readonly poll?: Poll
  readonly unordered?: readonly string[]
  readonly volatile?: readonly string[]
  readonly ms?: number
  readonly body?: string | null
  readonly method?: string
  readonly path?: string
  readonly requestHeaders?: Readonly<Record<string, string>>
  readonly replyHeaders?: Readonly<Record<string, string>>
  readonly socket?: string
  readonly frame?: 'text' | 'binary'
  readonly payloadtype?: string
  readonly signature?: string
  readonly code?: number
}

const folder = new URL('../../contract/colonies/transcripts/', import.meta.url)

export function loadTranscripts(): readonly Transcript[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Transcript)
}
