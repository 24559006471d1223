import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const fileName = 'local.env'

/**
 * Writes `local.env` (mode 600): what a shell can `source` and the other commands read to reach the running hive.
 * Names with a COLONIES_ prefix are those of the upstream tools.
 */
export async function writeEnvFile(dataDir: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const path = join(dataDir, fileName)
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
  await writeFile(`${path}.new`, `# Made by bees start; holds secrets of the local hive.\n${lines.join('\n')}\n`, {
    mode: 0o600,
  })
  await rename(`${path}.new`, path)
  return path
}

/** The variables of a local hive that runs or ran in this folder; empty when there is none. */
export async function readEnvFile(dataDir: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(dataDir, fileName), 'utf8').catch(() => '')
  const variables = [...text.matchAll(/^export ([A-Z_]+)='((?:[^']|'\\'')*)'$/gm)]
  return Object.fromEntries(variables.map(([, name = '', value = '']) => [name, value.replaceAll("'\\''", "'")]))
}
