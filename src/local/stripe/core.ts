import { createEvent } from './event.ts'
import type { Model } from './models.ts'
import type { Random } from './random.ts'
import { createRandom } from './random.ts'
import type { Kind, Shape, StripeJson, Tenant, Version, WorldEvent, WorldOptions } from './types.ts'

/** Says that an event tells of an object. Events are told when everything of the action has changed. */
export type Tell = (type: string, kind: Kind, object: string) => void

/** What actions are made with. */
export interface Core {
  readonly random: Random
  readonly livemode: boolean
  readonly accounts: readonly string[]
  nowMs(): number
  nowS(): number
  advanceTo(ms: number): void
  /** An id like Stripe's; never the same twice. */
  id(prefix: string): string
  /** @throws RangeError when there is none */
  get<K extends Kind>(kind: K, object: string): Model[K]
  /** As it was at a moment; undefined when it was not there yet. */
  at<K extends Kind>(kind: K, object: string, ms: number): Model[K] | undefined
  put<K extends Kind>(kind: K, object: Model[K]): Model[K]
  /** Changes members and returns the new state. */
  change<K extends Kind>(kind: K, object: string, members: Partial<Model[K]>): Model[K]
  versions<K extends Kind>(kind: K, object: string): readonly Version<K>[]
  /** All that were ever made, in that order. */
  ids(kind: Kind): readonly string[]
  /**
   * One thing that happens: the clock moves, `work` changes objects, then events tell of it, within one burst and in
   * no certain order, each with the object as it is after all the changes.
   */
  happen<T>(work: (tell: Tell) => T): T
  /** An event about nothing that we keep. */
  distract(type: string, tenant: Tenant, object: StripeJson): void
  events(): readonly WorldEvent[]
}

const defaultStartMs = Date.UTC(2026, 0, 1)
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

export function createCore(options: WorldOptions): Core {
  const random = createRandom(options.seed)
  const shape = options.shape ?? 'basil'
  const states = new Map<Kind, Map<string, Version[]>>()
  const events: WorldEvent[] = []
  let clockMs = options.startMs ?? defaultStartMs
  let lastEventMs = Number.NEGATIVE_INFINITY
  let serial = 0
  const tag = alphabetic(options.seed >>> 0)

  const versionsOf = (kind: Kind, object: string): Version[] | undefined => states.get(kind)?.get(object)
  const nextShape = (): Shape => (shape === 'mixed' ? random.pick(['acacia', 'basil'] as const) : shape)

  const core: Core = {
    random,
    livemode: options.livemode ?? false,
    accounts: ['self', ...(options.accounts ?? [])],
    nowMs: () => clockMs,
    nowS: () => Math.floor(clockMs / 1000),
    advanceTo: (ms) => {
      if (ms < clockMs) throw new RangeError(`It is ${clockMs} already, ${ms} has passed.`)
      clockMs = ms
    },
    id: (prefix) => {
      serial += 1
      const tail = Array.from({ length: 6 }, () => alphabet[random.integer(0, alphabet.length - 1)]).join('')
      return `${prefix}_1${tag}${serial.toString(36).padStart(5, '0')}${tail}`
    },
    get: (kind, object) => {
      const found = core.at(kind, object, clockMs)
      if (found === undefined) throw new RangeError(`There is no ${kind} ${object}.`)
      return found
    },
    at: <K extends Kind>(kind: K, object: string, ms: number) => {
      const versions = versionsOf(kind, object) as Version<K>[] | undefined
      return versions?.findLast(({ fromMs }) => fromMs <= ms)?.object
    },
    put: (kind, object) => {
      // What an event has told of a moment must stay true of it.
      if (clockMs <= lastEventMs) clockMs = lastEventMs + 1
      const ofKind = states.get(kind) ?? new Map<string, Version[]>()
      states.set(kind, ofKind)
      const versions = (ofKind.get(object.id) ?? []) as Version[]
      ofKind.set(object.id, versions)
      if (versions.at(-1)?.fromMs === clockMs) versions.pop()
      Object.freeze(object)
      versions.push(Object.freeze({ fromMs: clockMs, object }))
      return object
    },
    change: (kind, object, members) => core.put(kind, { ...core.get(kind, object), ...members }),
    versions: <K extends Kind>(kind: K, object: string) => (versionsOf(kind, object) ?? []) as Version<K>[],
    ids: (kind) => [...(states.get(kind)?.keys() ?? [])],
    happen: (work) => {
      clockMs += random.integer(1, 40)
      const told: Parameters<Tell>[] = []
      const result = work((type, kind, object) => {
        told.push([type, kind, object])
      })
      for (const [type, kind, object] of random.shuffle(told)) {
        // Old versions have no such objects.
        if (kind !== 'invoice_payment' || shape !== 'acacia') emit(type, kind, object)
      }
      return result
    },
    distract: (type, tenant, object) => {
      clockMs += random.integer(1, 40)
      emit(type, null, null, { ...tenant, object })
    },
    events: () => events,
  }

  function emit(type: string, kind: Kind | null, object: string | null, other?: Tenant & { object: StripeJson }): void {
    clockMs += random.integer(0, 15)
    lastEventMs = clockMs
    const about = kind !== null && object !== null ? core.get(kind, object) : undefined
    events.push(
      createEvent(core, {
        id: core.id('evt'),
        thinId: core.id('evt'),
        type,
        account: about?.account ?? other?.account ?? 'self',
        livemode: about?.livemode ?? other?.livemode ?? core.livemode,
        atMs: clockMs,
        kind,
        object,
        shape: kind === 'invoice_payment' ? 'basil' : nextShape(),
        // Whether the endpoint's version shows the lists inside.
        detailed: random.boolean(),
        other: other?.object,
        request: random.boolean(0.5) ? core.id('req') : null,
      }),
    )
  }
  return core
}

/** The seed of the world that may have made an id; undefined for ids that no world makes. */
export function seedOfId(id: string): number | undefined {
  const tag = /^[a-z]+(?:_test|_live)?_1([0-9a-z]{7})[0-9a-z]{11}$/.exec(id)?.[1]
  return tag === undefined ? undefined : Number.parseInt(tag, 36)
}

/** The seed in letters, so that two worlds never share an id. */
function alphabetic(seed: number): string {
  return seed.toString(36).padStart(7, '0')
}
