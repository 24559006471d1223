/** The state machine of a bee. docs/fleet.md draws this table; a test keeps drawing and table equal. */

export type BeeState = 'idle' | 'starting' | 'polling' | 'saturated' | 'suspended' | 'draining' | 'stopped' | 'failed'

export type BeeEvent =
  /** start() was called. */
  | 'start'
  /** The broker knows and has approved the bee's executor. */
  | 'registered'
  /** The broker refuses the executor: unregistered as stale, or not approved any more. */
  | 'unregistered'
  /** No slot is free (or the waiting room is full). */
  | 'full'
  /** A slot is free again. */
  | 'room'
  /** The database's breaker is open, or the broker pauses or fails. */
  | 'suspend'
  /** What suspended the bee is over. */
  | 'resume'
  /** stop() was called. */
  | 'drain'
  /** Nothing is running and nothing is on its way. */
  | 'drained'
  /** Registration is impossible for good. */
  | 'fail'

/** What may follow what. An event that is not listed for a state is refused. */
export const beeTransitions = {
  idle: { start: 'starting', drain: 'stopped' },
  starting: { registered: 'polling', fail: 'failed', drain: 'draining' },
  polling: { full: 'saturated', suspend: 'suspended', unregistered: 'starting', drain: 'draining' },
  saturated: { room: 'polling', suspend: 'suspended', unregistered: 'starting', drain: 'draining' },
  suspended: { resume: 'polling', unregistered: 'starting', drain: 'draining' },
  draining: { drained: 'stopped' },
  failed: { drain: 'stopped' },
  stopped: {},
} as const satisfies Record<BeeState, Partial<Record<BeeEvent, BeeState>>>

export interface BeeStateMachine {
  readonly state: BeeState
  /** Moves on and answers true; an event that has no place in this state changes nothing and answers false. */
  send(event: BeeEvent): boolean
}

/**
 * A bee's state, from `idle`.
 * @param onChange told of every move, after it.
 */
export function createBeeState(onChange: (state: BeeState, event: BeeEvent) => void): BeeStateMachine {
  let state: BeeState = 'idle'
  return {
    get state() {
      return state
    },
    send(event) {
      const row: Partial<Record<BeeEvent, BeeState>> = beeTransitions[state]
      const next = row[event]
      if (next === undefined) return false
      state = next
      onChange(next, event)
      return true
    },
  }
}
