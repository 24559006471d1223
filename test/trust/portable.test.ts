import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const start = fileURLToPath(new URL('../../src/trust/verify-receipt-portable.ts', import.meta.url))

function importsOf(file: string, seen = new Map<string, string>()): ReadonlyMap<string, string> {
  for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type ).*from '([^']+)'/gm,
  )) {
    const next = specifier.startsWith('.') ? resolve(dirname(file), specifier) : specifier
    if (seen.has(next)) continue
    seen.set(next, file)
    if (specifier.startsWith('.')) importsOf(next, seen)
  }
  return seen
}

describe('the portable verifier', () => {
  it('needs nothing that only node has', () => {
    const imports = [...importsOf(start).keys()]
    expect(imports.length).toBeGreaterThan(5)
    expect(imports.filter((name) => name.startsWith('node:'))).toEqual([])
    const files = imports.filter((name) => name.endsWith('.ts'))
    for (const file of [start, ...files])
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/\bBuffer\.|\bprocess\.env/)
  })
})
