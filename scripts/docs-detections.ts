/** Writes docs/detections.md: `npm run docs`. A test compares. */
import { writeFileSync } from 'node:fs'
import { loadRuleFolder } from '../bees/security/rules/index.ts'
import { detectionsDocument } from './detections-document.ts'

writeFileSync(new URL('../docs/detections.md', import.meta.url), detectionsDocument(loadRuleFolder().rules))
