// Builds the assets that `web` and `portal` embed: `node build.mjs` (after `npm ci`).
//
// Out: foundation/web/assets/dist for the internal site and portal/assets/dist for the public one, each with
// NAME.<first 10 hex of SHA-256>.EXT, and manifest.json from logical name to file. Same sources, same bytes. The build fails sooner than ship what is not ours to use:
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
const SITE = set('../foundation/web/assets/dist')
const PORTAL = set('../portal/assets/dist')
const FONT = '"Helvetica Neue",Helvetica,Arial,sans-serif'

/** The assets of one site. */
function set(folder) {
  return { folder: path.join(HERE, folder), manifest: {}, made: new Map() }
}

/** Keeps `content` under a name that changes with it, and returns that name. */
function emit({ manifest, made }, logicalName, content) {
  const bytes = Buffer.from(content)
  const { name, ext } = path.parse(logicalName)
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 10)
  const file = `${name}.${digest}${ext}`
  manifest[logicalName] = file
  made.set(file, bytes)
  return file
}

/** Style sheets of the kits without the font and the crest, then ours. */
async function styleSheet(out, kit, sheet) {
  const sheets = await Promise.all(kit.map((file) => readFile(file, 'utf8')))
  const own = await readFile(path.join(SRC, sheet), 'utf8')
  const kits = sheets
    .join('\n')
    .replace(/(\/\*![^*]*exclusive use on gov\.uk[^*]*\*\/)?\s*@font-face\s*\{[^}]*\}/g, '')
    .replaceAll(/"?GDS Transport"?,\s*arial,\s*sans-serif/gi, FONT)
    .replaceAll(/[^{}]+\{[^{}]*govuk-crest\.svg[^{}]*\}/g, '')
  const withIcons = await hashImages(out, `${kits}\n${own}`)
  const { code, warnings } = await esbuild.transform(withIcons, {
    loader: 'css',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
  })
  const ours = warnings.filter(({ location }) => location.line > kits.split('\n').length)
  if (ours.length > 0) throw new Error(`${sheet}: ${ours.map(({ text }) => text).join('; ')}`)
  refuse(code, /GDS Transport/i, 'the GDS Transport font')
  refuse(code, /@font-face/i, 'a font file')
  refuse(code, /@import/i, 'an @import')
  refuse(code, /(crest|crown|logotype)[\w-]*\.(svg|png)/i, 'a crest or logotype')
  return code
}

/** Points each image the CSS uses at its hashed copy. Anything but an MoJ icon is an error. */
async function hashImages(out, css) {
  const wanted = new Set([...css.matchAll(/url\(\s*["']?([^"')]+)["']?\s*\)/g)].map((m) => m[1]))
  for (const address of [...wanted].sort()) {
    if (address.startsWith('data:')) continue
    const icon = /^\/assets\/images\/(icon-[a-z-]+\.svg)$/.exec(address)
    if (!icon) throw new Error(`the CSS asks for ${address}, which this build does not ship`)
    const file = emit(out, icon[1], await readFile(path.join(MOJ, 'moj/assets/images', icon[1])))
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

const GOVUK_CSS = path.join(GOVUK, 'dist/govuk/govuk-frontend.min.css')
const MOJ_CSS = path.join(MOJ, 'moj/moj-frontend.min.css')
emit(SITE, 'app.css', await styleSheet(SITE, [GOVUK_CSS, MOJ_CSS], 'ff.css'))
emit(SITE, 'app.js', await bundle('app.js', 'esm'))
emit(PORTAL, 'portal.css', await styleSheet(PORTAL, [GOVUK_CSS], 'portal.css'))
emit(PORTAL, 'portal.js', await bundle('portal.js', 'esm'))
for (const out of [SITE, PORTAL]) {
  emit(out, 'js-enabled.js', await bundle('js-enabled.js', 'iife'))
  emit(out, 'favicon.svg', await readFile(path.join(SRC, 'favicon.svg')))
  emit(out, 'licences.txt', await licences())
  await write(out)
}

/** Beside the old folder first, so that a failed or interrupted build leaves the old one whole. */
async function write({ folder, manifest, made }) {
  const fresh = `${folder}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  for (const [file, bytes] of made) await writeFile(path.join(fresh, file), bytes)
  const names = Object.fromEntries(Object.entries(manifest).sort())
  await writeFile(path.join(fresh, 'manifest.json'), `${JSON.stringify(names, null, 2)}\n`)
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
  for (const [logicalName, file] of Object.entries(names)) {
    console.log(`${String(made.get(file).length).padStart(8)}  ${file}  (${logicalName})`)
  }
}
