import { parseOutput, redact, type Task } from '../bee/index.ts'
import type { Json } from '../canonical.ts'
import { BeeError } from '../errors.ts'
import { exceedsSize } from './json-size.ts'

/**
 * A handler's value as it goes to the broker and into the receipt: checked by the schema, without sensitive fields.
 * @throws BeeError BEE_OUTPUT_INVALID
 */
export function publish(task: Task, value: unknown, maxChars: number): Json {
  // parseOutput lets nothing through that is not plain JSON.
  const published = redact(task.output, parseOutput(task, value)) as Json
  if (exceedsSize(published, maxChars)) {
    throw new BeeError('BEE_OUTPUT_INVALID', `output of ${task.name}: larger than ${maxChars} characters of JSON`)
  }
  return published
}
