/** One line of the table. */
export interface Line {
  readonly what: string
  readonly value: string
  /** Least to most of the repeats, or how many there were. */
  readonly spread: string
  /** Empty where none is set. */
  readonly goal: string
  /** What else was measured in this run to hold it against. */
  readonly baseline: string
  /** The value in terms of the baseline. */
  readonly ratio: string
}

/** @param met whether the measured value keeps to the goal */
export const goal = (text: string, met: boolean): string => `${text} ${met ? 'met' : 'MISSED'}`
