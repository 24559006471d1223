/**
 * The boundaries of the pipeline in the order in which a task passes them. `transact` lies inside `run` and is passed
 * once for each transaction; the others once. After each of them the OS process may die without losing or doubling
 * anything.
 */
export const stepNames = ['assign', 'admit', 'transact', 'run', 'sign', 'store', 'close'] as const

export type StepName = (typeof stepNames)[number]
