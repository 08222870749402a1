//go:build browser

package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// patience is for a browser that does not get on at all.
const patience = 90 * time.Second

// shots is where screenshots are kept.
const shots = "shots"

// A tab is a person's, in a fresh browser.
type tab struct {
	t    *testing.T
	ctx  context.Context
	home string
	name string
	page int
	mute bool // no script runs, and axe-core is one

	foreign bool // pages are not Wardgate's own: how they look is not looked at

	authenticator webauthn.AuthenticatorID

	mu         sync.Mutex
	violations []string // of the policies of pages
}

// An option changes the browser before it opens the first page.
type option = chromedp.Action[chromedp.Void]

func inArabic() option {
	return command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": "ar"}})
}

// command sends a command of the protocol that answers nothing.
func command[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// zoomed is a window of 1280 pixels in which everything is twice as large.
func zoomed() option { return chromedp.EmulateViewport(640, 800, chromedp.EmulateScale(2)) }

func narrow() option { return chromedp.EmulateViewport(320, 640) }

// open opens a tab in front of a house.
func open(t *testing.T, home string, options ...option) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, home: home, name: strings.ReplaceAll(t.Name(), "/", "-")}
	// The first action makes the tab, which lives as long as its context.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1024, 900)); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatalf("listen to a tab: %v", err)
	}
	b.run("open", append([]option{command(log.Enable, cdp.Empty{})}, options...)...)
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, v := range b.violations {
			t.Errorf("against the policy of a page: %s", v)
		}
	})
	return b
}

// another is a second tab of the same person's browser.
func (b *tab) another() *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	second := &tab{t: b.t, ctx: ctx, home: b.home, name: b.name + "-second"}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1024, 900)); err != nil {
		b.t.Fatalf("open another tab: %v", err)
	}
	return second
}

// withoutScript has the browser run no script of pages.
func (b *tab) withoutScript() *tab {
	b.t.Helper()
	b.run("disable scripts", command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	b.mute = true
	return b
}

// hear notes what the browser says of the policies of pages.
func (b *tab) hear(event any) {
	entry, ok := event.(*log.EventEntryAdded)
	if !ok || entry.Entry.Source != log.EntrySourceSecurity && !strings.Contains(entry.Entry.Text, "Content Security Policy") {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.violations = append(b.violations, entry.Entry.Text+" ("+entry.Entry.URL+")")
}

func (b *tab) run(what string, actions ...option) {
	b.t.Helper()
	get(b, what, chromedp.Steps(actions...))
}

// get does what answers something.
func get[T any](b *tab, what string, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	answer, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	return answer
}

// turn does what leads to another page, and looks at that.
func (b *tab) turn(what string, actions ...option) *tab {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, actions...); err != nil {
		b.shot("lost")
		b.t.Fatalf("%s, at %s: %v", what, b.at(), err)
	}
	return b.looked()
}

// looked keeps what is seen, and holds that everybody can use it.
func (b *tab) looked() *tab {
	b.t.Helper()
	b.page++
	b.shot(fmt.Sprintf("%02d", b.page))
	if !b.foreign {
		b.fits()
		b.accessible()
	}
	return b
}

func (b *tab) shot(name string) {
	b.t.Helper()
	picture := get(b, "screenshot", chromedp.CaptureScreenshot())
	if err := errors.Join(os.MkdirAll(shots, 0o755), os.WriteFile(filepath.Join(shots, b.name+"-"+name+".png"), picture, 0o644)); err != nil {
		b.t.Error(err)
	}
}

// fits holds that nothing has to be scrolled sideways.
func (b *tab) fits() {
	b.t.Helper()
	beyond := get(b, "measure", chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
	if beyond > 0 {
		b.t.Errorf("%s: %d pixels beyond the window", b.at(), beyond)
	}
}

// accessible has axe-core look at the page.
func (b *tab) accessible() {
	b.t.Helper()
	axe := axeCore()
	if axe == "" || b.mute {
		return
	}
	get(b, "axe", chromedp.Evaluate[int](axe+";0"))
	found := get(b, "axe", chromedp.Evaluate[string](
		`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.help + " " + v.nodes.map(n => n.html).join(" "))))`,
		chromedp.EvalAwaitPromise))
	var faults []string
	if err := json.Unmarshal([]byte(found), &faults); err != nil {
		b.t.Fatalf("axe: %v in %q", err, found)
	}
	for _, fault := range faults {
		b.t.Errorf("%s: axe: %s", b.at(), fault)
	}
}

func (b *tab) visit(path string) *tab {
	b.t.Helper()
	return b.turn("visit "+path, chromedp.Navigate(b.home+path))
}

// fill types into the input with a label, in place of what is there.
func (b *tab) fill(label, text string) *tab {
	b.t.Helper()
	id := b.input(label)
	get(b, "empty "+label, chromedp.Evaluate[string](fmt.Sprintf(`document.getElementById(%q).value = ""`, id)))
	b.run("fill "+label, chromedp.SendKeys(chromedp.ID(id), text))
	return b
}

// input is the id of what a label belongs to.
func (b *tab) input(label string) string {
	b.t.Helper()
	id := get(b, "find "+label, chromedp.Evaluate[string](fmt.Sprintf(
		`([...document.querySelectorAll("label")].find(l => l.textContent.trim().startsWith(%q)) || {htmlFor: ""}).htmlFor`, label)))
	if id == "" {
		b.shot("lost")
		b.t.Fatalf("no input %q at %s in %q", label, b.at(), b.text())
	}
	return id
}

func (b *tab) holds(label, want string) *tab {
	b.t.Helper()
	got := get(b, "read "+label, chromedp.Value(chromedp.ID(b.input(label))))
	if got != want {
		b.t.Errorf("%s: got %q, want %q", label, got, want)
	}
	return b
}

func (b *tab) choose(label string) *tab {
	b.t.Helper()
	b.run("choose "+label, chromedp.Click(chromedp.ID(b.input(label))))
	return b
}

// press presses a button, and waits for the page that comes.
func (b *tab) press(button string) *tab {
	b.t.Helper()
	return b.turn("press "+button, chromedp.Click(fmt.Sprintf(`//main//button[normalize-space(.)=%q]`, button)))
}

func (b *tab) follow(link string) *tab {
	b.t.Helper()
	return b.turn("follow "+link, chromedp.Click(fmt.Sprintf(`//a[normalize-space(.)=%q]`, link)))
}

func (b *tab) back() *tab {
	b.t.Helper()
	return b.turn("back", chromedp.NavigateBack())
}

func (b *tab) text() string {
	b.t.Helper()
	return get(b, "read", chromedp.Evaluate[string](`document.body.innerText`))
}

func (b *tab) sees(texts ...string) *tab {
	b.t.Helper()
	shown := b.text()
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			b.t.Errorf("%s: no %q in\n%s", b.at(), text, shown)
		}
	}
	return b
}

func (b *tab) seesNot(texts ...string) *tab {
	b.t.Helper()
	shown := b.text()
	for _, text := range texts {
		if strings.Contains(shown, text) {
			b.t.Errorf("%s: %q in\n%s", b.at(), text, shown)
		}
	}
	return b
}

// at is where the tab is: path and query.
func (b *tab) at() string {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	address, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.RequestURI()
}

func (b *tab) isAt(want string) *tab {
	b.t.Helper()
	if got, _, _ := strings.Cut(b.at(), "?"); got != want {
		b.t.Errorf("at %s, want %s, which says\n%s", b.at(), want, b.text())
	}
	return b
}

// cookies are the names of what the browser holds, sorted; each is for no script.
func (b *tab) cookies() (names []string) {
	b.t.Helper()
	held := get(b, "cookies", func(ctx context.Context, t *chromedp.Target) ([]*network.Cookie, error) {
		r, err := cdp.Call(ctx, t, network.GetCookies, network.GetCookiesParams{})
		return r.Cookies, err
	})
	for _, c := range held {
		if !c.HTTPOnly {
			b.t.Errorf("scripts can read the cookie %s", c.Name)
		}
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

func (b *tab) forgetCookies() *tab {
	b.t.Helper()
	b.run("forget cookies", command(network.ClearBrowserCookies, cdp.Empty{}))
	return b
}

// logIn goes through both factors, from wherever that leads to log-in.
func (b *tab) logIn(w *rig.World, name string) *tab {
	b.t.Helper()
	address := name + "@demo.hospital.test"
	b.isAt("/login").fill("E-mail address", address).fill("Password", "Wardgate-demo-2026").press("Continue")
	return b.fill("Code", w.NewestCode(address)).press("Confirm")
}
