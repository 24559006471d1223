import { readFile } from 'node:fs/promises'
import { BeeError } from '../errors.ts'

/**
 * The text of a file that a person named.
 *
 * @param option where the name came from, such as `--keys`.
 * @throws BeeError BEE_USAGE
 */
export async function readText(path: string, option: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new BeeError('BEE_USAGE', `${option}: received ${path} (${cause.code}), expected a file that can be read.`, {
      cause,
    })
  })
}
