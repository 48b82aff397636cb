// Quick exit for a person who may be watched: the GOV.UK component (a button, Shift three times),
// leaving by `location.replace` so that Back does not return to this page, and Escape once.
import { ExitThisPage, createAll } from 'govuk-frontend'

class QuickExit extends ExitThisPage {
  exitPage() {
    leave(this.$button.href)
  }
}

export function startQuickExit() {
  createAll(QuickExit)
  const button = document.querySelector('.govuk-js-exit-this-page-button')
  // One press would lose what a person has typed, so pages with a form keep Shift three times only.
  if (!button || document.querySelector('main form')) return
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.repeat || event.isComposing) return
    if (event.defaultPrevented || somethingElseOwnsEscape()) return
    event.preventDefault()
    leave(button.href)
  })
}

function leave(address) {
  // Hide first: the other site may take seconds to answer.
  document.body.classList.add('govuk-exit-this-page-hide-content')
  window.location.replace(address)
}

function somethingElseOwnsEscape() {
  return (
    document.fullscreenElement !== null ||
    document.querySelector('dialog[open], [aria-expanded="true"][aria-controls]:focus') !== null
  )
}
