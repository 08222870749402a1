package look_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/look"
)

// script is what a person may write into any field.
const script = `"><script>alert(1)</script><img src=x onerror=alert(1)>'` + "`"

func newLook(t *testing.T) *look.Look {
	t.Helper()
	l, err := look.New(nil, look.Words{
		"test.label":  {"en": "E-mail address", "ar": "البريد الإلكتروني"},
		"test.submit": {"en": "Go on", "ar": "تابع"},
		"test.hello":  {"en": "Hello %s!", "ar": "مرحبًا %s!"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// everything is a page with each component.
func everything(l look.Language, text string) look.Page {
	return look.Page{
		Name: look.Message, Heading: text, Language: l,
		At:    &url.URL{Path: "/here", RawQuery: url.Values{"next": {text}}.Encode()},
		Menu:  []look.Link{{Path: "/account", Word: "test.label"}},
		Wrong: []look.Fault{{Field: "email", Text: text}, {Text: text}}, Passkeys: true,
		Data: look.Content{
			Text: []string{text},
			Passkey: &look.Passkey{
				Form: look.Form{
					Action: "/passkey?next=" + url.QueryEscape(text), Submit: "test.submit",
					Hidden: []look.Hidden{{Name: "challenge", Value: text}}, Back: &look.Link{Path: "/", Word: "test.submit"},
				},
				Options: `{"challenge":"` + text + `"}`,
			},
			Form: &look.Form{
				Action: "/here?next=" + url.QueryEscape(text), Submit: "test.submit", Class: "danger",
				Hidden: []look.Hidden{{Name: "csrf", Value: text}},
				Back:   &look.Link{Path: "/", Word: "test.submit"},
				Fields: []look.Field{
					{Name: "email", Kind: look.Email, Label: "test.label", Hint: "test.submit", Value: text, Fault: text},
					{Name: "role", Label: "test.label", Value: text, Choices: []look.Choice{{Value: "one", Text: text}, {Value: text, Text: "two"}}},
				},
			},
			Links: []look.Link{{Path: "/x", Word: "test.submit"}},
			Facts: []look.Fact{{Word: "look.decision", Text: text, Code: true}},
		},
	}
}

func written(t *testing.T, p look.Page) (*httptest.ResponseRecorder, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	if err := newLook(t).Write(rec, http.StatusOK, p); err != nil {
		t.Fatal(err)
	}
	return rec, rec.Body.String()
}

// TestWhatPeopleWriteIsText in each place of a page.
func TestWhatPeopleWriteIsText(t *testing.T) {
	for _, l := range look.Languages() {
		_, html := written(t, everything(l, script))
		html = ownScript.ReplaceAllString(html, "")
		if strings.Contains(html, "<script") || strings.Contains(html, "<img") || strings.Contains(html, `'`+"`") {
			t.Errorf("%s: markup of a person's is markup of the page:\n%s", l.Name, html)
		}
		if !strings.Contains(html, "&lt;script&gt;") {
			t.Errorf("%s: the text is not shown", l.Name)
		}
	}
}

var inline = regexp.MustCompile(`(?i)<style|<script|\sstyle\s*=|\son[a-z]+\s*=|javascript:|https?://`)

// ownScript is how a page names the script for passkeys.
var ownScript = regexp.MustCompile(`<script src="/\.wardgate/passkey\.js\?v=[0-9a-f]{16}" defer></script>`)

// TestScriptsRunForPasskeysAlone: without one on the page there is none, and none may run.
func TestScriptsRunForPasskeysAlone(t *testing.T) {
	p := everything(look.Languages()[0], "text")
	rec, html := written(t, p)
	if policy := rec.Header().Get("Content-Security-Policy"); !strings.HasSuffix(policy, "; script-src 'self'") || len(ownScript.FindAllString(html, -1)) != 1 {
		t.Errorf("got %s and\n%s", policy, html)
	}
	p.Passkeys = false
	rec, html = written(t, p)
	if policy := rec.Header().Get("Content-Security-Policy"); strings.Contains(policy, "script-src") || strings.Contains(html, "<script") {
		t.Errorf("got %s and\n%s", policy, html)
	}
	h := http.Header{}
	look.Guard(h)
	if policy := h.Get("Content-Security-Policy"); strings.Contains(policy, "script-src") {
		t.Errorf("got %s", policy)
	}
}

// TestNothingIsInline: a page has no style, no script and no address of others.
func TestNothingIsInline(t *testing.T) {
	for _, l := range look.Languages() {
		_, html := written(t, everything(l, "text"))
		html = ownScript.ReplaceAllString(html, "")
		if found := inline.FindString(html); found != "" {
			t.Errorf("%s: the page has %q", l.Name, found)
		}
	}
	files, err := os.ReadDir("html")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile("html/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if found := inline.FindString(strings.Replace(string(b), `<script src="{{script}}" defer></script>`, "", 1)); found != "" {
			t.Errorf("%s has %q", f.Name(), found)
		}
	}
}

func TestDirection(t *testing.T) {
	for _, l := range look.Languages() {
		rec, html := written(t, everything(l, "text"))
		for _, want := range []string{`<html lang="` + l.Code + `" dir="` + l.Direction + `">`, `<input id="email" name="email" type="email" value="text" autocomplete="username" dir="ltr"`} {
			if !strings.Contains(html, want) {
				t.Errorf("%s: no %s in\n%s", l.Name, want, html)
			}
		}
		if got := rec.Header().Get("Content-Language"); got != l.Code {
			t.Errorf("Content-Language: got %q, want %q", got, l.Code)
		}
	}
}

// TestEachPageLeadsToItsLanguages and keeps where the reader is.
func TestEachPageLeadsToItsLanguages(t *testing.T) {
	en := look.Languages()[0]
	p := look.Page{Name: look.Message, Heading: "x", Language: en, At: &url.URL{Path: "/login", RawQuery: "next=%2Fa"}, Data: look.Content{}}
	if got := p.Others(); len(got) != 1 || got[0].Path != "/login?lang=ar&next=%2Fa" {
		t.Errorf("got %+v", got)
	}
	if got := p.To("/x"); got != "/x" {
		t.Errorf("a language that was not chosen: got %s", got)
	}
	p.Chosen = true
	if got := p.To("/x?a=b"); got != "/x?a=b&lang=en" {
		t.Errorf("a language that was chosen: got %s", got)
	}
}

func TestPolicyOfPages(t *testing.T) {
	p := everything(look.Languages()[0], "text")
	p.Passkeys = false
	p.FormTargets = []string{"https://imaging.hospital.example"}
	rec, _ := written(t, p)
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; " +
			"form-action 'self' https://imaging.hospital.example; base-uri 'none'; frame-ancestors 'none'",
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		"Content-Type": "text/html; charset=utf-8",
	} {
		if got := rec.Header().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestSecretsAreNotShownAgain: what is typed there is never in a page.
func TestSecretsAreNotShownAgain(t *testing.T) {
	for kind, secret := range map[look.Kind]bool{
		look.Password: true, look.NewPassword: true, look.Code: true, look.LongCode: true,
		look.Plain: false, look.Email: false, look.Username: false,
	} {
		p := look.Page{Name: look.Message, Heading: "x", Language: look.Languages()[0], Data: look.Content{Form: &look.Form{
			Action: "/", Submit: "test.submit", Fields: []look.Field{{Name: "f", Kind: kind, Label: "test.label", Value: "typed-before"}},
		}}}
		if _, html := written(t, p); strings.Contains(html, "typed-before") == secret {
			t.Errorf("kind %d, secret %t: shown the other way", kind, secret)
		}
	}
}

// TestEveryWordIsInEveryLanguage of this package, with the same verbs.
func TestEveryWordIsInEveryLanguage(t *testing.T) { looktestWords(t, look.FrameWords()) }

func looktestWords(t *testing.T, words look.Words) {
	t.Helper()
	verbs := regexp.MustCompile(`%(\[\d+\])?[a-z]`)
	for word, texts := range words {
		count := len(verbs.FindAllString(texts["en"], -1))
		for _, l := range look.Languages() {
			if texts[l.Code] == "" {
				t.Errorf("%s: no text in %s", word, l.Name)
			}
			if got := len(verbs.FindAllString(texts[l.Code], -1)); got != count {
				t.Errorf("%s: %d verbs in %s, %d in English", word, got, l.Name, count)
			}
		}
		if len(texts) != len(look.Languages()) {
			t.Errorf("%s: texts in %d languages, there are %d", word, len(texts), len(look.Languages()))
		}
	}
}

// TestNamesStandApart from the direction of the sentence around them.
func TestNamesStandApart(t *testing.T) {
	if got, want := newLook(t).Say(look.Languages()[1], "test.hello", "dr.osei"), "مرحبًا \u2068dr.osei\u2069!"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestChoose(t *testing.T) {
	for _, tt := range []struct {
		name, chosen, accepted, want string
		byReader                     bool
	}{
		{"nothing", "", "", "en", false},
		{"accepted", "", "ar", "ar", false},
		{"a region", "", "ar-EG,en;q=0.5", "ar", false},
		{"the heavier", "", "en;q=0.4, ar;q=0.9", "ar", false},
		{"the first of two", "", "en,ar", "en", false},
		{"none of ours", "", "de,fr", "en", false},
		{"refused", "", "ar;q=0", "en", false},
		{"no weight", "", "ar;q=x", "en", false},
		{"not a number", "", "ar;q=NaN", "en", false},
		{"beyond one", "", "ar;q=7", "en", false},
		{"capitals", "", "AR", "ar", false},
		{"late", "", strings.Repeat("de,", 16) + "ar", "en", false},
		{"by the reader", "ar", "en", "ar", true},
		{"by the reader, none of ours", "../x", "ar", "ar", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, by := look.Choose(tt.chosen, tt.accepted); got.Code != tt.want || by != tt.byReader {
				t.Errorf("got %s, %t, want %s, %t", got.Code, by, tt.want, tt.byReader)
			}
		})
	}
}

// TestFaultyPagesAreNotSent, not even in part.
func TestFaultyPagesAreNotSent(t *testing.T) {
	l, err := look.New(fstest.MapFS{
		"wordless.html": {Data: []byte(`{{define "content"}}before{{t "test.no_such"}}{{end}}`)},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	en := look.Languages()[0]
	for name, p := range map[string]look.Page{
		"a word that there is not":     {Name: "wordless", Language: en},
		"a page that there is not":     {Name: "no_such", Language: en},
		"a language that there is not": {Name: look.Message, Data: look.Content{}},
	} {
		rec := httptest.NewRecorder()
		if err := l.Write(rec, http.StatusOK, p); err == nil || rec.Body.Len() > 0 || len(rec.Header()) > 0 {
			t.Errorf("%s: error %v, sent %q", name, err, rec.Body)
		}
	}
	if _, err := look.New(fstest.MapFS{"x.html": {Data: []byte(`{{define "content"}}{{no_such}}{{end}}`)}}, nil); err == nil {
		t.Error("a template that cannot be read was taken")
	}
}

func TestFiles(t *testing.T) {
	_, html := written(t, everything(look.Languages()[0], "text"))
	for path, kind := range map[string]string{look.StylesPath: "text/css; charset=utf-8", look.IconPath: "image/svg+xml", look.ScriptPath: "text/javascript; charset=utf-8"} {
		named := regexp.MustCompile(regexp.QuoteMeta(path) + `\?v=[0-9a-f]{16}`).FindString(html)
		if named == "" {
			t.Fatalf("the page does not name %s", path)
		}
		for address, kept := range map[string]string{named: "public, max-age=31536000, immutable", path: "no-cache", path + "?v=0": "no-cache"} {
			rec := httptest.NewRecorder()
			look.Files().ServeHTTP(rec, httptest.NewRequest("GET", address, nil))
			if h := rec.Header(); rec.Code != 200 || h.Get("Content-Type") != kind || h.Get("Cache-Control") != kept || rec.Body.Len() == 0 {
				t.Errorf("%s: got %d %v", address, rec.Code, h)
			}
		}
	}
}

// TestSizeOfAFirstPage: 60 KiB for a page, its styles, its icon and its script.
func TestSizeOfAFirstPage(t *testing.T) {
	_, html := written(t, everything(look.Languages()[1], "text"))
	size := len(html)
	for _, path := range []string{look.StylesPath, look.IconPath, look.ScriptPath} {
		rec := httptest.NewRecorder()
		look.Files().ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		size += rec.Body.Len()
	}
	if size > 60<<10 {
		t.Errorf("%d bytes, want at most %d", size, 60<<10)
	}
	t.Logf("%d bytes", size)
}
