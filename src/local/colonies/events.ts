import type { ProcessRow, ProcessState } from './process-row.ts'

/** A process entered a state, in a way that the original signals (cascades inside workflows are not signalled). */
export interface ProcessEvent {
  readonly state: ProcessState
  readonly processid: string
  readonly colonyname: string
  readonly executortype: string
  /** The process as subscribers are shown it: `state` is new, other fields may be as before, like in the original. */
  readonly shown: ProcessRow
}

export type ProcessListener = (event: ProcessEvent) => void

/** State changes of processes, delivered synchronously after the change was committed. */
export interface ProcessEvents {
  emit(shown: ProcessRow): void
  /** @returns a function that ends the subscription. */
  subscribe(listener: ProcessListener): () => void
}

export function createProcessEvents(): ProcessEvents {
  const listeners = new Set<ProcessListener>()
  return {
    emit(shown) {
      const { state, processid, colonyname, executortype } = shown
      for (const listener of [...listeners]) listener({ state, processid, colonyname, executortype, shown })
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
