/** What wants a slot. */
export interface SlotJob {
  readonly task: string
  /** Most runs of this task at once; undefined: only the slots limit it. */
  readonly limit: number | undefined
  /** Holds the slot until it settles. Must not reject. */
  readonly run: (slot: Slot) => Promise<void>
}

export interface Slot {
  /**
   * The handler ignores its signal: the slot is replaced by a fresh one, up to a cap. Beyond the cap it stays busy.
   * `settled` is when the handler lets go at last.
   */
  stuck(settled: Promise<unknown>): void
}

export interface SlotsOptions {
  /** Runs at once. */
  readonly total: number
  /**
   * Processes that may wait beside the slots because their task is at its own limit. They hold no slot, so other tasks
   * run on; when this room is full no poll is started.
   */
  readonly waitingRoom: number
  /** Stuck handlers that are replaced by a fresh slot; more than that keep theirs. */
  readonly maxStuck: number
  /** Told after every change. */
  readonly onChange: () => void
}

export interface Slots {
  readonly total: number
  readonly busy: number
  /** Busy with a process; the others that are busy are kept by stuck handlers, whose processes are settled. */
  readonly running: number
  readonly waiting: number
  readonly stuck: number
  /** A process that comes now would run now or find a place to wait. */
  readonly hasRoom: boolean
  /** Runs the job now, or as soon as the slots and the task's limit allow. The function takes a waiting job back. */
  enter(job: SlotJob): () => void
}

/** The slots of one bee: the bulkhead. Nothing is shared with other bees. */
export function createSlots(options: SlotsOptions): Slots {
  const runs = new Map<string, number>()
  let queue: readonly SlotJob[] = []
  let busy = 0
  let kept = 0
  let stuck = 0

  const count = (task: string, change: number): void => {
    const next = (runs.get(task) ?? 0) + change
    if (next === 0) runs.delete(task)
    else runs.set(task, next)
  }
  const mayRun = (job: SlotJob): boolean =>
    busy < options.total && (job.limit === undefined || (runs.get(job.task) ?? 0) < job.limit)

  const start = (job: SlotJob): void => {
    busy += 1
    count(job.task, 1)
    let replaced: Promise<unknown> | null = null
    const slot: Slot = {
      stuck(settled) {
        if (replaced !== null) return
        replaced = settled
      },
    }
    void job.run(slot).then(() => {
      busy -= 1
      if (replaced === null) count(job.task, -1)
      else keepAside(job, replaced)
      next()
    })
  }

  // A stuck handler still runs, so it counts for its task's limit; it keeps its slot when too many are stuck already.
  const keepAside = (job: SlotJob, settled: Promise<unknown>): void => {
    const keepsSlot = stuck >= options.maxStuck
    stuck += 1
    if (keepsSlot) {
      busy += 1
      kept += 1
    }
    const letGo = (): void => {
      stuck -= 1
      if (keepsSlot) {
        busy -= 1
        kept -= 1
      }
      count(job.task, -1)
      next()
    }
    void settled.then(letGo, letGo)
  }

  const next = (): void => {
    for (;;) {
      const job = queue.find(mayRun)
      if (job === undefined) break
      queue = queue.filter((waiting) => waiting !== job)
      start(job)
    }
    options.onChange()
  }

  return {
    total: options.total,
    get busy() {
      return busy
    },
    get running() {
      return busy - kept
    },
    get waiting() {
      return queue.length
    },
    get stuck() {
      return stuck
    },
    get hasRoom() {
      return busy < options.total && queue.length < options.waitingRoom
    },
    enter(job) {
      queue = [...queue, job]
      next()
      return () => {
        queue = queue.filter((waiting) => waiting !== job)
        options.onChange()
      }
    },
  }
}
