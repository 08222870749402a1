package jar

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A cookie is one that an application sets.
type cookie struct {
	name, value string // the value with the quotation marks around it, if there are any
	path        string
	expiry      string // attributes, as they are written
	httpOnly    bool
	sameSite    string // "Strict"; "" for Lax

	maxAge  *int64 // seconds; nil for none
	expires time.Time
}

// read reads a line of Set-Cookie in an answer to a request for path. Its domain is left
// out: what it would reach beyond its host is not the application's. What has no plain
// reading is no cookie; without a name a browser would take a part of the value for it.
func read(line, path string) (cookie, bool) {
	from, err := http.ParseSetCookie(line)
	if err != nil || !isName(from.Name) && len(from.Name) <= mostName {
		return cookie{}, false
	}
	c := cookie{name: from.Name, value: from.Value, path: from.Path, httpOnly: from.HttpOnly, maxAge: readMaxAge(line), expires: readDate(from.RawExpires)}
	if from.Quoted {
		c.value = `"` + from.Value + `"`
	}
	if !strings.HasPrefix(c.path, "/") {
		c.path = folder(path)
	}
	if !visible(c.value) || !visible(c.path) || strings.ContainsAny(c.path, `;"\`) {
		return cookie{}, false
	}
	if c.maxAge != nil {
		c.expiry = "; Max-Age=" + strconv.FormatInt(*c.maxAge, 10)
	}
	if !c.expires.IsZero() {
		c.expiry += "; Expires=" + c.expires.Format(http.TimeFormat)
	}
	if from.SameSite == http.SameSiteStrictMode {
		c.sameSite = "Strict"
	}
	return c, true
}

// over reports whether the application has the browser forget the cookie. Max-Age wins.
func (c *cookie) over(now time.Time) bool {
	if c.maxAge != nil {
		return *c.maxAge <= 0
	}
	return !c.expires.IsZero() && !c.expires.After(now)
}

// folder is the path of a cookie that names none (RFC 6265, section 5.1.4).
func folder(path string) string {
	if last := strings.LastIndexByte(path, '/'); last > 0 && path[0] == '/' {
		return path[:last]
	}
	return "/"
}

func visible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r > 0x7e })
}

// longest is how long browsers keep a cookie at most, in seconds (RFC 6265bis, section 5.5).
const longest = 400 * 24 * 60 * 60

// readMaxAge is the last Max-Age of a line of Set-Cookie that browsers take for one (RFC
// 6265bis, section 5.6.2): digits, perhaps behind a minus sign, however many. Nil for none.
func readMaxAge(line string) (seconds *int64) {
	_, attributes, _ := strings.Cut(line, ";")
	for one := range strings.SplitSeq(attributes, ";") {
		name, text, _ := strings.Cut(one, "=")
		text = strings.TrimSpace(text)
		digits, minus := strings.CutPrefix(text, "-")
		if !strings.EqualFold(strings.TrimSpace(name), "Max-Age") || strings.Trim(digits, "0123456789") != "" || digits == "" {
			continue
		}
		var n int64 // 0 for what is negative
		if !minus {
			var err error
			if n, err = strconv.ParseInt(digits, 10, 64); err != nil || n > longest {
				n = longest
			}
		}
		seconds = &n
	}
	return seconds
}
