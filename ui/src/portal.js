// The one script of the public site. Every page works without it.
import {
  Button,
  CharacterCount,
  ErrorSummary,
  NotificationBanner,
  Radios,
  ServiceNavigation,
  SkipLink,
  createAll,
} from 'govuk-frontend'
import { startPrinting } from './print.js'
import { startQuickExit } from './quick-exit.js'

for (const component of [Button, CharacterCount, NotificationBanner, Radios, ServiceNavigation, SkipLink]) {
  createAll(component)
}
// Last: it takes focus, and must take it from a notification banner.
createAll(ErrorSummary)
startQuickExit()
startPrinting()
