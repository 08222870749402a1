//go:build browser

package browser_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// browser is one program for all tests; each has a profile of its own.
var browser struct {
	sync.Once
	ctx context.Context
	end func()
	err error
}

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	path, err := exec.LookPath("chromium")
	if err != nil {
		fmt.Println("NOT RUN: pages in a real browser: Chromium is not installed")
		return
	}
	if axeCore() == "" {
		fmt.Println("NOT RUN: axe-core on pages: it is not there, or WARDGATE_AXE does not name its folder (.ci/axe)")
	}
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1024, 900), chromedp.Flag("lang", "en"), chromedp.WSURLReadTimeout(patience))...)
	browser.end = endAllocator
	browser.ctx, _ = chromedp.NewContext(allocator)
	status := m.Run()
	browser.end()
	os.Exit(status)
}

func chromium(t *testing.T) context.Context {
	t.Helper()
	browser.Do(func() { browser.err = chromedp.Do(browser.ctx) })
	if browser.err != nil {
		t.Fatalf("start Chromium: %v", browser.err)
	}
	return browser.ctx
}

// axeCore is the program that looks for faults of accessibility; "" where it is not there.
var axeCore = sync.OnceValue(func() string {
	b, err := os.ReadFile(filepath.Join(os.Getenv("WARDGATE_AXE"), "axe.min.js"))
	if err != nil {
		return ""
	}
	return string(b)
})

// house starts a demo hospital whose pages are at home.
func house(t *testing.T) (w *rig.World, home string) {
	t.Helper()
	return houseAt(t, "127.0.0.1")
}

// houseWithPasskeys is one at a name: browsers use no passkeys at an address.
func houseWithPasskeys(t *testing.T) (w *rig.World, home string) {
	t.Helper()
	return houseAt(t, "localhost")
}

// houseAt starts one whose pages are at a name of loopback, and in which more is changed.
func houseAt(t *testing.T, name string, more ...func(*config.Config)) (w *rig.World, home string) {
	t.Helper()
	at := rig.Port(t)
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	home = "http://" + net.JoinHostPort(name, port)
	w = rig.New(t, func(c *config.Config) {
		c.PEP.Listen, c.PEP.Home = at, home
		for _, change := range more {
			change(c)
		}
	})
	return w, home
}
