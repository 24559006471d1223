/** What is wrong: the options, the stored state, or a state that another version of the detector wrote. */
export type DetectorProblem = 'bad_options' | 'bad_state' | 'state_version'

/** Thrown by this folder alone; the message says what came and what was expected. */
export class DetectorError extends Error {
  readonly problem: DetectorProblem

  constructor(problem: DetectorProblem, message: string) {
    super(message)
    this.name = 'DetectorError'
    this.problem = problem
  }
}
