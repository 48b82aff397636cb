// Builds the assets that the `web` crate embeds: `node build.mjs` (after `npm ci`).
//
// Out: foundation/web/assets/dist/NAME.<first 10 hex of SHA-256>.EXT, and manifest.json from logical
// name to file. Same sources, same bytes. The build fails sooner than ship what is not ours to use:
// the GDS Transport font, the royal crest, the crown.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const HERE = path.dirname(fileURLToPath(import.meta.url))
const SRC = path.join(HERE, 'src')
const MODULES = path.join(HERE, 'node_modules')
const GOVUK = path.join(MODULES, 'govuk-frontend')
const MOJ = path.join(MODULES, '@ministryofjustice/frontend')
const DIST = path.join(HERE, '../foundation/web/assets/dist')
const FONT = '"Helvetica Neue",Helvetica,Arial,sans-serif'

const manifest = {}
const made = new Map()

/** Keeps `content` under a name that changes with it, and returns that name. */
function emit(logicalName, content) {
  const bytes = Buffer.from(content)
  const { name, ext } = path.parse(logicalName)
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 10)
  const file = `${name}.${digest}${ext}`
  manifest[logicalName] = file
  made.set(file, bytes)
  return file
}

/** GOV.UK and MoJ style sheets without the font and the crest, then ours. */
async function styleSheet() {
  const govuk = await readFile(path.join(GOVUK, 'dist/govuk/govuk-frontend.min.css'), 'utf8')
  const moj = await readFile(path.join(MOJ, 'moj/moj-frontend.min.css'), 'utf8')
  const own = await readFile(path.join(SRC, 'ff.css'), 'utf8')
  const kits = `${govuk}\n${moj}`
    .replace(/(\/\*![^*]*exclusive use on gov\.uk[^*]*\*\/)?\s*@font-face\s*\{[^}]*\}/g, '')
    .replaceAll(/"?GDS Transport"?,\s*arial,\s*sans-serif/gi, FONT)
    .replaceAll(/[^{}]+\{[^{}]*govuk-crest\.svg[^{}]*\}/g, '')
  const withIcons = await hashImages(`${kits}\n${own}`)
  const { code, warnings } = await esbuild.transform(withIcons, {
    loader: 'css',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
  })
  const ours = warnings.filter(({ location }) => location.line > kits.split('\n').length)
  if (ours.length > 0) throw new Error(`ff.css: ${ours.map(({ text }) => text).join('; ')}`)
  refuse(code, /GDS Transport/i, 'the GDS Transport font')
  refuse(code, /@font-face/i, 'a font file')
  refuse(code, /@import/i, 'an @import')
  refuse(code, /(crest|crown|logotype)[\w-]*\.(svg|png)/i, 'a crest or logotype')
  return code
}

/** Points each image the CSS uses at its hashed copy. Anything but an MoJ icon is an error. */
async function hashImages(css) {
  const wanted = new Set([...css.matchAll(/url\(\s*["']?([^"')]+)["']?\s*\)/g)].map((m) => m[1]))
  for (const address of [...wanted].sort()) {
    if (address.startsWith('data:')) continue
    const icon = /^\/assets\/images\/(icon-[a-z-]+\.svg)$/.exec(address)
    if (!icon) throw new Error(`the CSS asks for ${address}, which this build does not ship`)
    const file = emit(icon[1], await readFile(path.join(MOJ, 'moj/assets/images', icon[1])))
    css = css.replaceAll(address, file)
  }
  return css
}

async function bundle(entry, format) {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: HERE,
    entryPoints: [path.join('src', entry)],
    bundle: true,
    minify: true,
    format,
    target: 'es2022',
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  })
  const code = outputFiles[0].text
  // The content security policy forbids both; better told here than by a page that does nothing.
  refuse(code, /\beval\(|new Function\(/, 'code made from strings')
  return code
}

function refuse(code, pattern, what) {
  const found = pattern.exec(code)
  if (!found) return
  const around = code.slice(Math.max(0, found.index - 60), found.index + 60)
  throw new Error(`the assets contain ${what}, near: ${around}`)
}

/** The MIT licence asks that its text go wherever the code goes; the packages carry none. */
async function licences() {
  const lines = ['Parts of the assets of this service come from:', '']
  for (const folder of [GOVUK, MOJ]) {
    const kit = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))
    if (kit.license !== 'MIT') throw new Error(`${kit.name} is now under ${kit.license}: look at it`)
    const author = kit.author?.name ?? kit.author
    lines.push(`${kit.name} ${kit.version}. Crown copyright. ${author}. MIT licence.`)
  }
  return `${lines.join('\n')}\n\n${await readFile(path.join(SRC, 'mit.txt'), 'utf8')}`
}

emit('app.css', await styleSheet())
emit('app.js', await bundle('app.js', 'esm'))
emit('js-enabled.js', await bundle('js-enabled.js', 'iife'))
emit('favicon.svg', await readFile(path.join(SRC, 'favicon.svg')))
emit('licences.txt', await licences())

// Beside the old folder first, so that a failed or interrupted build leaves the old one whole.
const fresh = `${DIST}.new`
await rm(fresh, { recursive: true, force: true })
await mkdir(fresh, { recursive: true })
for (const [file, bytes] of made) await writeFile(path.join(fresh, file), bytes)
const names = Object.fromEntries(Object.entries(manifest).sort())
await writeFile(path.join(fresh, 'manifest.json'), `${JSON.stringify(names, null, 2)}\n`)
await rm(DIST, { recursive: true, force: true })
await rename(fresh, DIST)

for (const [logicalName, file] of Object.entries(names)) {
  console.log(`${String(made.get(file).length).padStart(8)}  ${file}  (${logicalName})`)
}
