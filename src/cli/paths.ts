import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'

/** Folder of the project: where package.json is. */
export const projectDir = fileURLToPath(new URL('../../', import.meta.url))

export const migrationsDir = fileURLToPath(new URL('../../supabase/migrations', import.meta.url))

/** Folder of the bees; BEES_DIR is relative to the project. */
export function beesDir(config: Pick<Config, 'BEES_DIR'>): string {
  return resolve(projectDir, config.BEES_DIR)
}
