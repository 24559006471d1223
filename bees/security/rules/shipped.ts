import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CompiledRules } from './compiled-rules.ts'
import { type LoadOptions, loadRules, type RuleFile } from './load.ts'

export const shippedFolder = join(import.meta.dirname, 'detections')

/** The rule files of a folder, by name. */
export function ruleFilesOf(folder: string): readonly RuleFile[] {
  const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name))
  return names.sort().map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
}

/**
 * The rules of a folder; without one, those that come with the Security Bee.
 *
 * @throws BeeError BEE_SECURITY_RULE_INVALID
 */
export function loadRuleFolder(folder = shippedFolder, options?: LoadOptions): CompiledRules {
  return loadRules(ruleFilesOf(folder), options)
}
