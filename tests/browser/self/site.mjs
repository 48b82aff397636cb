// A tiny site on loopback for the tests of this folder: the specimens in a page frame, the built
// assets, and a content security policy like the service's own.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = path.dirname(fileURLToPath(import.meta.url))
const DIST = path.join(HERE, '../../../foundation/web/assets/dist')
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
const TYPES = { '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml' }

/**
 * Serves on a free port. `routes` maps a path to `(request, body) => ({ status, headers, body })` or
 * a string of HTML for `<main>`; any other path is a specimen of that name.
 */
export async function startSite(routes = {}) {
  const manifest = JSON.parse(
    await readFile(path.join(DIST, 'manifest.json'), 'utf8').catch(() => {
      throw new Error('The assets are not built: run `make assets`')
    }),
  )
  const server = createServer((request, response) => {
    answer(request, manifest, routes).then(
      ({ status = 200, headers = {}, body = '' }) => {
        response.writeHead(status, {
          'Content-Type': 'text/html; charset=utf-8',
          'Content-Security-Policy': POLICY,
          ...headers,
        })
        response.end(body)
      },
      (error) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((stopped) => server.close(stopped).closeAllConnections()),
  }
}

async function answer(request, manifest, routes) {
  const { pathname } = new URL(request.url, 'http://localhost')
  const route = routes[pathname]
  if (typeof route === 'string') return { body: frame(manifest, route) }
  if (route) return route(request, await bodyOf(request), (main, bodyAttributes) => frame(manifest, main, bodyAttributes))
  if (pathname.startsWith('/assets/')) return asset(path.basename(pathname))
  const specimen = path.join(HERE, 'specimens', `${path.basename(pathname)}.html`)
  const main = await readFile(specimen, 'utf8').catch(() => null)
  return main === null ? { status: 404, body: frame(manifest, '<h1>Not found</h1>') } : { body: frame(manifest, main) }
}

async function asset(file) {
  const body = await readFile(path.join(DIST, file)).catch(() => null)
  const type = TYPES[path.extname(file)]
  return body && type ? { headers: { 'Content-Type': type }, body } : { status: 404 }
}

async function bodyOf(request) {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

export async function specimen(name) {
  return readFile(path.join(HERE, 'specimens', `${name}.html`), 'utf8')
}

function frame(manifest, main, bodyAttributes = '') {
  const heading = /<h1[^>]*>([^<]*)/.exec(main)?.[1].trim() || 'Specimen'
  return `<!DOCTYPE html>
<html lang="en" class="govuk-template">
<head>
<meta charset="utf-8">
<title>${heading} - Fourfold</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="theme-color" content="#10233f">
<link rel="icon" type="image/svg+xml" href="/assets/${manifest['favicon.svg']}">
<link rel="stylesheet" href="/assets/${manifest['app.css']}">
</head>
<body class="govuk-template__body" ${bodyAttributes}>
<script src="/assets/${manifest['js-enabled.js']}"></script>
<a href="#main-content" class="govuk-skip-link" data-module="govuk-skip-link">Skip to main content</a>
<header class="govuk-generic-header ff-header"><div class="govuk-generic-header__container govuk-width-container ff-wide ff-header__row">
<div class="govuk-generic-header__logo"><a href="/" class="govuk-generic-header__homepage-link"><svg class="ff-logo" width="30" height="30" viewBox="0 0 30 30" fill="currentColor" aria-hidden="true" focusable="false"><rect x="1" y="1" width="12.5" height="12.5" rx="2"/><rect x="16.5" y="1" width="12.5" height="12.5" rx="2" opacity=".75"/><rect x="1" y="16.5" width="12.5" height="12.5" rx="2" opacity=".75"/><rect x="16.5" y="16.5" width="12.5" height="12.5" rx="2" opacity=".5"/></svg> Fourfold</a></div>
<form class="ff-header__search" role="search" aria-label="Everything" method="get" action="/search"><label class="govuk-visually-hidden" for="find">Search reports, people and observables</label><input class="govuk-input" id="find" name="q" type="search" data-search><button class="govuk-button" data-module="govuk-button">Search</button></form>
<div class="ff-header__user"><strong class="ff-marking">OFFICIAL-SENSITIVE</strong><span>PC Priya Okafor</span><span class="ff-header__role">Triage officer <a class="govuk-link ff-header__link" href="/sign-out">Sign out</a></span></div>
</div></header>
<section aria-label="Service information" class="govuk-service-navigation" data-module="govuk-service-navigation"><div class="govuk-width-container ff-wide"><div class="govuk-service-navigation__container"><nav aria-label="Menu" class="govuk-service-navigation__wrapper"><button type="button" class="govuk-service-navigation__toggle govuk-js-service-navigation-toggle" aria-controls="navigation" hidden>Menu</button><ul class="govuk-service-navigation__list" id="navigation"><li class="govuk-service-navigation__item govuk-service-navigation__item--active"><a class="govuk-service-navigation__link" href="/queue" aria-current="true"><strong class="govuk-service-navigation__active-fallback">Inbox</strong></a></li><li class="govuk-service-navigation__item"><a class="govuk-service-navigation__link" href="/call">Victim care</a></li><li class="govuk-service-navigation__item"><a class="govuk-service-navigation__link" href="/board">Strategy</a></li></ul></nav></div></div></section>
<div class="govuk-width-container ff-wide"><main class="govuk-main-wrapper ff-main" id="main-content">
${main}
</main></div>
<footer class="govuk-footer"><div class="govuk-width-container ff-wide"><div class="govuk-footer__meta"><div class="govuk-footer__meta-item govuk-footer__meta-item--grow"><h2 class="govuk-visually-hidden">Support links</h2><ul class="govuk-footer__inline-list"><li class="govuk-footer__inline-list-item"><a class="govuk-footer__link" href="/accessibility">Accessibility statement</a></li></ul><p class="govuk-body-s">OFFICIAL-SENSITIVE. Everything you view is recorded.</p></div></div></div></footer>
<script type="module" src="/assets/${manifest['app.js']}"></script>
</body>
</html>
`
}
