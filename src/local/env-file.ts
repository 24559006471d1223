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

/** What a hive writes down: where it is and its keys. Nothing that would choose code or what is believed. */
const ownNames =
  /^(COLONIES_[A-Z_]+|SUPABASE_(URL|SECRET_KEY)|STRIPE_(WEBHOOK_SECRET|SECRET_KEY|API_URL)|DATABASE_URL|BEES_(URL|RECEIPT_KEY|SUBMITTER_KEY|APPROVER_KEY|MAILBOX_URL)|SECURITY_EVENTS_SECRETS)$/

/**
 * The variables of a local hive that runs or ran in this folder; empty when there is none. The folder may have come with
 * somebody else's files (commands look for it where they are called), so other names are passed over.
 */
export async function readEnvFile(dataDir: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(dataDir, fileName), 'utf8').catch(() => '')
  const variables = [...text.matchAll(/^export ([A-Z_]+)='((?:[^']|'\\'')*)'$/gm)]
  return Object.fromEntries(
    variables
      .filter(([, name = '']) => ownNames.test(name))
      .map(([, name = '', value = '']) => [name, value.replaceAll("'\\''", "'")]),
  )
}
