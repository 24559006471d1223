import type { Core } from '../core.ts'
import type { Kind, Shape, StripeJson } from '../types.ts'
import { render } from './render.ts'

/** How one object is to be shown. */
export interface Frame {
  readonly core: Core
  readonly atMs: number
  readonly shape: Shape
  /** Events show deleted objects in full. */
  readonly inEvent: boolean
  /** Paths from this object on. */
  readonly expand: readonly string[]
}

/** Whether a member was asked for, by itself or on the way to another. */
export const expands = ({ expand }: Frame, member: string): boolean =>
  expand.some((path) => path === member || path.startsWith(`${member}.`))

/** The paths that go on below a member. */
export const below = (frame: Frame, member: string): Frame => ({
  ...frame,
  inEvent: false,
  expand: frame.expand.flatMap((path) => (path.startsWith(`${member}.`) ? [path.slice(member.length + 1)] : [])),
})

/** A member that is an id, or in full where it was asked for; typed as the id. */
export function reference<Id extends string | null>(frame: Frame, kind: Kind, id: Id, member: string): Id {
  if (id === null || !expands(frame, member)) return id
  const model = frame.core.at(kind, id, frame.atMs)
  if (model === undefined) return id
  return render(kind, model, below(frame, member)) as unknown as Id
}

/** A list inside of an object, as long as Stripe makes it. */
export function embeddedList<T>(url: string, all: readonly T[], most: number) {
  return { object: 'list' as const, data: all.slice(0, most), has_more: all.length > most, url }
}

export type Json = StripeJson
