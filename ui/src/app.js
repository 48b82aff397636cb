// The one script of every page. Each part finds its own elements and does nothing without them,
// so a page that uses none of them pays only for the download.
//
// Every page works without this file: see "Without JavaScript" in ui/README.md.
import {
  Button,
  CharacterCount,
  Checkboxes,
  ErrorSummary,
  NotificationBanner,
  PasswordInput,
  Radios,
  ServiceNavigation,
  SkipLink,
  Tabs,
  createAll,
} from 'govuk-frontend'
import { Alert, ButtonMenu } from '@ministryofjustice/frontend'
import { startDrafts } from './draft.js'
import { foldFilters } from './filters.js'
import { startPolling } from './poll.js'
import { startPrinting } from './print.js'
import { startQuickExit } from './quick-exit.js'
import { startTriage } from './triage.js'

// Named one by one: `initAll` would bring the date picker, the rich text editor and others no
// page uses. FileUpload is left out too: the browser's own file input takes dropped files, and axe
// faults the name of the component's button (WCAG 2.5.3).
for (const component of [
  Alert,
  Button,
  ButtonMenu,
  CharacterCount,
  Checkboxes,
  NotificationBanner,
  PasswordInput,
  Radios,
  ServiceNavigation,
  SkipLink,
  Tabs,
]) {
  createAll(component)
}
// Last: it takes focus, and must take it from a notification banner.
createAll(ErrorSummary)

foldFilters()
startQuickExit()
startPrinting()
startPolling()
startTriage()
startDrafts()
