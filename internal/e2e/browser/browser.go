// Package browser tests the pages in a real browser: Debian's Chromium, by the
// protocol of its developer tools. `make e2e` runs it, by the build tag browser.
package browser
