import type { Task } from '../bee/index.ts'

/**
 * The limits with which a task is handed in, spelled out: the server takes a 0 or a missing one for a time that has
 * passed already.
 *
 * @param deadlineMs time budget of one assignment. @default the task's
 */
export function limitsOf(task: Pick<Task, 'deadlineMs' | 'brokerRetries'>, deadlineMs: number = task.deadlineMs) {
  return {
    maxexectime: Math.max(1, Math.ceil(deadlineMs / 1000)),
    maxretries: Math.max(1, task.brokerRetries),
    maxwaittime: -1,
  }
}
