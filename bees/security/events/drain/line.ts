import type { EventDraft } from '../derive.ts'
import type { NormaliserContext } from '../normaliser.ts'

/** One line of a drain, opened. */
export interface DrainLine {
  readonly id: string | undefined
  /** Milliseconds. */
  readonly time: number
  readonly message: string | undefined
  /** Its metadata and, where the message is JSON, that. Hostile. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** What a line says; `id` only where it has a better one than the line's. Members that are undefined are left out. */
export type LineDraft = {
  readonly [Field in keyof EventDraft]?: EventDraft[Field] | undefined
} & Pick<EventDraft, 'source' | 'action'>

export type LineReader = (line: DrainLine, context: NormaliserContext) => LineDraft | undefined
