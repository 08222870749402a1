// Package look is how Wardgate's pages look: one style sheet, one frame around
// every page, the components that pages are made of, and the words of the frame
// in each language. A page is written whole, on the server, under a policy that
// lets no script run, but on pages for passkeys the one file that asks for them, and
// no style but the sheet's apply; docs/pages.md has the rules. The package knows no person and decides nothing.
package look

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
)

// Where the style sheet, the icon and the script for passkeys are, on every origin
// that has pages.
const (
	StylesPath = "/.wardgate/look.css"
	IconPath   = "/.wardgate/icon.svg"
	ScriptPath = "/.wardgate/passkey.js"
)

//go:embed look.css
var styles []byte

//go:embed icon.svg
var icon []byte

//go:embed passkey.js
var script []byte

//go:embed html
var own embed.FS

// Message is the page that New brings along; its data is a Content.
const Message = "message"

// A Link leads to Path under a word's text.
type Link struct{ Path, Word string }

// A Fact is a name and what it is. Code says that it is one, to be read letter by letter.
type Fact struct {
	Word, Text string
	Code       bool
}

// A Fault is what was wrong with a form, in the page's language; Field is the
// name of the field, "" for the form as a whole.
type Fault struct{ Field, Text string }

// Content is what most pages show, from top to bottom.
type Content struct {
	Text    []string // paragraphs, in the page's language
	Passkey *Passkey
	Form    *Form
	Links   []Link
	Facts   []Fact
}

// A Page is one page in one language.
type Page struct {
	Name     string // of its template
	Heading  string // in Language
	Language Language
	Chosen   bool     // the reader chose the language: own links keep it
	At       *url.URL // path and query of the page, for links to it in other languages
	Menu     []Link
	Note     string // first on the page, in Language; "" for none
	Done     string // what was done at the person's word just now, in Language; "" for nothing
	Wrong    []Fault
	Wide     bool
	Data     any

	// Passkeys says that the page asks for a passkey: the script for that may run.
	Passkeys bool

	// FormTargets are origins that a form's answer may lead to, beside the page's own.
	FormTargets []string
}

// To is an own path, with the language that the reader chose.
func (p Page) To(path string) string {
	if !p.Chosen {
		return path
	}
	return inLanguage(path, p.Language)
}

func inLanguage(path string, l Language) string {
	u, err := url.Parse(path)
	if err != nil {
		return path
	}
	q := u.Query()
	q.Set(LanguageParameter, l.Code)
	u.RawQuery = q.Encode()
	return u.String()
}

// Another is the same page in another language.
type Another struct {
	Language Language
	Path     string
}

// Others are the page in each other language.
func (p Page) Others() (others []Another) {
	at := "/"
	if p.At != nil {
		at = (&url.URL{Path: p.At.Path, RawQuery: p.At.RawQuery}).String()
	}
	for _, l := range Languages() {
		if l != p.Language {
			others = append(others, Another{Language: l, Path: inLanguage(at, l)})
		}
	}
	return others
}

// A Look writes pages.
type Look struct {
	words Words
	pages map[string]map[string]*template.Template // by language, by name
}

// New returns the look of the pages in files, one "NAME.html" for each, which
// defines "content". words are theirs, beside those of the frame. nil files are
// none: there is the page Message.
func New(files fs.FS, words Words) (*Look, error) {
	l := &Look{words: frame.with(words), pages: map[string]map[string]*template.Template{}}
	for _, language := range Languages() {
		if err := l.read(language, files); err != nil {
			return nil, fmt.Errorf("pages in %s: %w", language.Name, err)
		}
	}
	return l, nil
}

func (l *Look) read(language Language, files fs.FS) error {
	base, err := template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"t":      func(word string, args ...any) (string, error) { return l.words.say(language, word, args...) },
		"styles": func() string { return address(StylesPath, styles) },
		"icon":   func() string { return address(IconPath, icon) },
		"script": func() string { return address(ScriptPath, script) },
	}).ParseFS(own, "html/layout.html", "html/components.html")
	if err != nil {
		return err
	}
	pages := map[string]*template.Template{}
	l.pages[language.Code] = pages
	for _, from := range []struct {
		files   fs.FS
		pattern string
	}{{own, "html/" + Message + ".html"}, {files, "*.html"}} {
		if from.files == nil {
			continue
		}
		names, err := fs.Glob(from.files, from.pattern)
		if err != nil {
			return err
		}
		for _, file := range names {
			page, err := base.Clone()
			if err != nil {
				return err
			}
			if page, err = page.ParseFS(from.files, file); err != nil {
				return err
			}
			name := file[strings.LastIndexByte(file, '/')+1:]
			pages[strings.TrimSuffix(name, ".html")] = page
		}
	}
	return nil
}

// Say is a word's text in a language. A word that there is not is told as it stands.
func (l *Look) Say(language Language, word string, args ...any) string {
	text, err := l.words.say(language, word, args...)
	if err != nil {
		return word
	}
	return text
}

// Has reports whether there is such a word.
func (l *Look) Has(word string) bool { return l.words[word] != nil }

// Write answers with a page. A page that cannot be written whole is an error, and
// nothing of it is sent.
func (l *Look) Write(w http.ResponseWriter, status int, p Page) error {
	page := l.pages[p.Language.Code][p.Name]
	if page == nil {
		return fmt.Errorf("write page %q: there is none in language %q", p.Name, p.Language.Code)
	}
	var whole bytes.Buffer
	if err := page.ExecuteTemplate(&whole, "page", p); err != nil {
		return fmt.Errorf("write page %q: %w", p.Name, err)
	}
	h := w.Header()
	guard(h, p.Passkeys, p.FormTargets)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Language.Code)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The status is sent: a broken connection is the client's loss.
	_, _ = w.Write(whole.Bytes())
	return nil
}

// Guard sets the headers under which every page stands. Forms lead to the page's
// own origin and to targets.
//
// The referrer stays within the origin, and is not left out altogether: browsers
// then send "null" for the origin of a form, which tells nothing.
func Guard(h http.Header, targets ...string) { guard(h, false, targets) }

func guard(h http.Header, passkeys bool, targets []string) {
	policy := "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action " +
		strings.Join(append([]string{"'self'"}, targets...), " ") + "; base-uri 'none'; frame-ancestors 'none'"
	if passkeys {
		policy += "; script-src 'self'"
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// Files serves the style sheet, the icon and the script. Under the address that pages
// name they never change, and are kept by browsers.
func Files() http.Handler {
	mux := http.NewServeMux()
	serve := func(path, kind string, content []byte) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Type", kind)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
			h.Set("Cache-Control", "no-cache")
			if r.URL.RequestURI() == address(path, content) {
				h.Set("Cache-Control", "public, max-age=31536000, immutable")
			}
			_, _ = w.Write(content)
		})
	}
	serve(StylesPath, "text/css; charset=utf-8", styles)
	serve(IconPath, "image/svg+xml", icon)
	serve(ScriptPath, "text/javascript; charset=utf-8", script)
	return mux
}

// address is a path with the digest of what it leads to.
func address(path string, content []byte) string {
	sum := sha256.Sum256(content)
	return path + "?v=" + hex.EncodeToString(sum[:8])
}
