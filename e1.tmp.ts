import { loadRuleFolder, runFixtures } from './bees/security/rules/index.ts'
try {
const r = loadRuleFolder()
for (const f of runFixtures(r)) if(!f.isPassed) console.log(f.isPassed, f.rule, f.kind, f.fixture, f.reason)
console.log(runFixtures(r).length)
} catch (e) { console.log(e.message) ; if (e.code===undefined) console.log(e.stack)}
