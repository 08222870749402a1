package look_test

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A rule of the style sheet: its selectors and its declarations.
type rule struct {
	selector string
	set      map[string]string
}

var (
	comments    = regexp.MustCompile(`(?s)/\*.*?\*/`)
	blocks      = regexp.MustCompile(`([^{}]+)\{([^{}]*)\}`)
	tokenIn     = regexp.MustCompile(`var\(--([a-z0-9-]+)\)`)
	declaration = regexp.MustCompile(`^([a-z0-9-]+)\s*:\s*(.+)$`)
)

func sheet(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("look.css")
	if err != nil {
		t.Fatal(err)
	}
	return comments.ReplaceAllString(string(b), "")
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	for _, m := range blocks.FindAllStringSubmatch(sheet(t), -1) {
		r := rule{selector: strings.TrimSpace(m[1]), set: map[string]string{}}
		for line := range strings.SplitSeq(m[2], ";") {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			d := declaration.FindStringSubmatch(line)
			if d == nil {
				t.Fatalf("%s: cannot read %q", r.selector, line)
			}
			r.set[d[1]] = d[2]
		}
		all = append(all, r)
	}
	if len(all) < 40 {
		t.Fatalf("read %d rules: this test sees little", len(all))
	}
	return all
}

// colours are the tokens that are colours, as relative luminances (WCAG 2.2).
func colours(t *testing.T) map[string]float64 {
	t.Helper()
	found := map[string]float64{}
	for _, m := range regexp.MustCompile(`--([a-z-]+):\s*#([0-9a-f]{6});`).FindAllStringSubmatch(sheet(t), -1) {
		n, err := strconv.ParseUint(m[2], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		found[m[1]] = 0.2126*linear(n>>16) + 0.7152*linear(n>>8&255) + 0.0722*linear(n&255)
	}
	return found
}

func linear(channel uint64) float64 {
	c := float64(channel) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// backgrounds are what a text without a background of its own can stand on.
var backgrounds = []string{"page", "panel", "note"}

// TestTextCanBeRead computes WCAG's contrast of each colour of text with the
// background of its own rule, or with every background that it can stand on: at
// least 4.5 (1.4.3, level AA).
func TestTextCanBeRead(t *testing.T) {
	luminance := colours(t)
	pairs := 0
	for _, r := range rules(t) {
		text := token(r.set["color"])
		if text == "" {
			continue
		}
		on := backgrounds
		if own := token(r.set["background-color"]); own != "" {
			on = []string{own}
		}
		for _, background := range on {
			got := contrast(value(t, luminance, text), value(t, luminance, background))
			if pairs++; got < 4.5 {
				t.Errorf("%s: --%s on --%s has a contrast of %.2f, want 4.5", r.selector, text, background, got)
			}
		}
	}
	if pairs < 40 {
		t.Errorf("%d pairs: this test sees little", pairs)
	}
}

// TestEdgesCanBeSeen: what shows where a control is, and which one has the focus,
// has a contrast of at least 3 (1.4.11, level AA).
func TestEdgesCanBeSeen(t *testing.T) {
	luminance := colours(t)
	for _, pair := range [][2]string{
		{"edge", "panel"}, {"edge", "page"}, {"edge", "note"}, {"fault", "panel"}, {"fault", "page"}, {"done", "panel"}, {"link", "panel"}, {"link", "page"},
		{"action", "page"}, {"action", "panel"}, {"danger", "panel"}, {"danger", "page"},
		{"focus-text", "page"}, {"focus-text", "panel"}, {"focus-text", "note"}, {"focus", "brand"}, {"focus-text", "focus"},
	} {
		if got := contrast(value(t, luminance, pair[0]), value(t, luminance, pair[1])); got < 3 {
			t.Errorf("--%s on --%s has a contrast of %.2f, want 3", pair[0], pair[1], got)
		}
	}
}

// TestContrastIsWCAGs checks the arithmetic of these tests by known values.
func TestContrastIsWCAGs(t *testing.T) {
	for _, tt := range []struct {
		a, b [3]uint64
		want string
	}{
		{[3]uint64{0, 0, 0}, [3]uint64{255, 255, 255}, "21.00"},
		{[3]uint64{118, 118, 118}, [3]uint64{255, 255, 255}, "4.54"}, // #767676, the lightest grey that passes
		{[3]uint64{119, 119, 119}, [3]uint64{255, 255, 255}, "4.48"},
		{[3]uint64{0, 0, 255}, [3]uint64{255, 255, 255}, "8.59"},
	} {
		light := func(c [3]uint64) float64 {
			return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
		}
		if got := fmt.Sprintf("%.2f", contrast(light(tt.a), light(tt.b))); got != tt.want {
			t.Errorf("%v on %v: got %s, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}

func token(value string) string {
	if m := tokenIn.FindStringSubmatch(value); m != nil {
		return m[1]
	}
	return ""
}

func value(t *testing.T, luminance map[string]float64, token string) float64 {
	t.Helper()
	l, ok := luminance[token]
	if !ok {
		t.Fatalf("there is no colour --%s", token)
	}
	return l
}

// TestTokensAreUsed: colours stand in tokens alone, each is defined, each is used.
func TestTokensAreUsed(t *testing.T) {
	css := sheet(t)
	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+):`).FindAllStringSubmatch(css, -1) {
		defined[m[1]] = true
	}
	used := map[string]bool{}
	for _, m := range tokenIn.FindAllStringSubmatch(css, -1) {
		used[m[1]] = true
		if !defined[m[1]] {
			t.Errorf("--%s is used and not defined", m[1])
		}
	}
	for token := range defined {
		if !used[token] {
			t.Errorf("--%s is not used", token)
		}
	}
	for _, r := range rules(t) {
		for property, value := range r.set {
			if !strings.HasPrefix(property, "--") && regexp.MustCompile(`#[0-9a-fA-F]{3}|rgb|hsl`).MatchString(value) {
				t.Errorf("%s: the colour of %s is no token: %s", r.selector, property, value)
			}
		}
	}
}

// TestSheetHasNoSides: what runs from left to right in one language runs from
// right to left in another, so nothing names a side.
func TestSheetHasNoSides(t *testing.T) {
	sided := regexp.MustCompile(`(^|-)(left|right|top|bottom)(-|$)|^(width|height|margin|padding)-(left|right)|^(float|clear)$`)
	for _, r := range rules(t) {
		for property, value := range r.set {
			if sided.MatchString(property) || regexp.MustCompile(`\b(left|right)\b`).MatchString(value) {
				t.Errorf("%s: %s: %s names a side", r.selector, property, value)
			}
			if (property == "margin" || property == "padding" || property == "inset") && len(strings.Fields(value)) == 4 {
				t.Errorf("%s: %s: %s names four sides", r.selector, property, value)
			}
		}
	}
}

// TestSheetLoadsNothing and holds no sizes that text cannot grow with.
func TestSheetLoadsNothing(t *testing.T) {
	css := sheet(t)
	for _, banned := range []string{"url(", "@import", "@font-face", "!important", "expression("} {
		if strings.Contains(css, banned) {
			t.Errorf("the style sheet has %s", banned)
		}
	}
	for _, r := range rules(t) {
		if size := r.set["font-size"]; strings.HasSuffix(size, "px") {
			t.Errorf("%s: text of %s does not grow with the reader's", r.selector, size)
		}
	}
}
