import type { Json } from '../../src/canonical.ts'
import { SigningKey, signEnvelope } from '../../src/trust/index.ts'
import type { SeededRandom } from '../support/index.ts'
import { EPOCH_MS } from './scheduler.ts'
import { partsOf, type SimTask } from './sim-bee.ts'

export const colony = 'dev'
export const submitterKey = new SigningKey('11'.repeat(32))
export const receiptKey = new SigningKey('22'.repeat(32))

/** What one process is to come to. */
export type Fate = 'done' | 'refused'

/** One process to be handed in. */
export interface Order {
  readonly id: string
  readonly label: string
  readonly task: string
  readonly kwargs: { readonly [key: string]: Json }
  readonly maxExecS: number
  readonly maxRetries: number
  readonly atMs: number
  /** `refused`: it must end as failed and leave nothing. */
  readonly fate: Fate
  /** Marks of the effects that it must have had when it has succeeded. */
  readonly marks: readonly string[]
  /** Another process came with the very same envelope: one of the two is refused. */
  readonly twin: boolean
}

/** Signing is the dearest part of a history, and what is signed does not differ from one to the next. */
const envelopes = new Map<string, { readonly [key: string]: Json }>()

function kwargsOf(task: string, n: number, copy: number): { readonly [key: string]: Json } {
  const name = `${task} ${n} ${copy}`
  const known = envelopes.get(name)
  if (known !== undefined) return known
  const input = { n, beforeMs: (n * 37) % 5 === 0 ? (n * 211) % 1_500 : (n * 13) % 20, afterMs: (n * 7) % 11 }
  // Good until after any history. A hive whose clock is behind sees it come from the future.
  const made = { input, envelope: signEnvelope({ colony, bee: 'sim', task, input }, submitterKey, { nowMs: EPOCH_MS }) }
  envelopes.set(name, made)
  return made
}

const MOST = 12
const names = Object.keys(partsOf) as readonly SimTask[]

/** What the submitters of a history hand in. */
export function ordersOf(random: SeededRandom, untilMs: number): readonly Order[] {
  const orders: Order[] = []
  const add = (task: string, kwargs: Order['kwargs'], rest: Pick<Order, 'fate' | 'marks' | 'twin'>): void => {
    const number = orders.length
    orders.push({
      id: (number + 1).toString(16).padStart(64, '0'),
      label: `p${number}`,
      task,
      kwargs,
      maxExecS: random.boolean(0.1) ? 300 : random.integer(2, 8),
      maxRetries: random.boolean(0.05) ? random.integer(1, 3) : 1_000,
      atMs: random.boolean(0.6) ? random.next() * 200 : random.next() * untilMs * 0.8,
      ...rest,
    })
  }
  const count = random.integer(3, MOST)
  for (let n = 0; n < count; n += 1) {
    const task = random.pick(names)
    const kwargs = kwargsOf(task, n, 0)
    const marks = partsOf[task].map((part) => `${task} ${n}${part}`)
    const fate: Fate = marks.length === 0 ? 'refused' : 'done'
    const twin = fate === 'done' && random.boolean(0.1)
    add(task, kwargs, { fate, marks, twin })
    if (twin) add(task, kwargs, { fate, marks, twin })
    // The same business key, signed twice.
    else if (task === 'keyed') add(task, kwargsOf(task, n, 1), { fate, marks, twin })
  }
  if (random.boolean(0.2)) add('nothing', kwargsOf('append', 0, 0), { fate: 'refused', marks: [], twin: false })
  if (random.boolean(0.2)) {
    const { envelope = null } = kwargsOf('append', 1, 2)
    const input = { n: 99, beforeMs: 0, afterMs: 0 }
    add('append', { input, envelope }, { fate: 'refused', marks: [], twin: false })
  }
  return orders
}
