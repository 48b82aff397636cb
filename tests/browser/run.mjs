// Walks every flow in flows/ against the service at BASE_URL: `BASE_URL=… node --test run.mjs`.
//
// A flow is a file that exports `default async function (tools)`; `tools` is what `toolbox` in
// harness.mjs returns. Name files in the order a person would do things: 10-import.mjs, 20-inbox.mjs.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { launch, toolbox } from './harness.mjs'

const FLOWS = path.join(path.dirname(fileURLToPath(import.meta.url)), 'flows')
const base = process.env.BASE_URL
assert.ok(base, 'Set BASE_URL to where the service is, or run `make browser`')
const flows = readdirSync(FLOWS).filter((file) => file.endsWith('.mjs')).sort()
assert.notEqual(flows.length, 0, `No flow in ${FLOWS}`)

const browser = await launch()
after(() => browser.close())

for (const file of flows) {
  const name = path.basename(file, '.mjs')
  test(name, { timeout: 300_000 }, async () => {
    const { default: flow } = await import(pathToFileURL(path.join(FLOWS, file)).href)
    const tools = toolbox({ browser, base, name })
    try {
      await flow(tools)
      tools.finish()
    } catch (error) {
      await tools.keepEvidence()
      throw error
    } finally {
      await tools.close()
    }
  })
}
