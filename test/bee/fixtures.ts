import { defineBee, defineTask, type Task, z } from '../../src/bee/index.ts'

/** A task as the fleet sees it, from nothing but its schemas. */
export function taskOf(input: z.ZodObject, output: z.ZodType = z.unknown()): Task {
  const task = defineTask({ description: 'a task', input, output, run: async () => null })
  const { tasks } = defineBee({ name: 'test', description: 'a bee', tasks: { task } })
  const found = tasks.get('task')
  if (found === undefined) throw new Error('the bee has lost its task')
  return found
}

/** The code and message of what `run` throws. */
export function refusalOf(run: () => unknown): { readonly code: string; readonly message: string } {
  try {
    run()
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return { code, message }
  }
  return { code: 'accepted', message: '' }
}
