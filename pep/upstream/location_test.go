package upstream_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/wardgate/wardgate/pep/upstream"
)

func TestRedirectionsToTheApplicationItselfStayThere(t *testing.T) {
	for _, tt := range []struct{ at, says, want string }{
		{"http://10.0.0.7:8042", "http://10.0.0.7:8042/app/explorer.html?a=b#c", "/app/explorer.html?a=b#c"},
		{"http://10.0.0.7:8042", "http://10.0.0.7:8042", "/"},
		{"http://10.0.0.7:8042", "//10.0.0.7:8042/x", "/x"},
		{"https://lab.test", "http://LAB.test/x", "/x"},
		{"https://lab.test", "https://lab.test:443/x%2Fy%20z", "/x%2Fy%20z"},
		{"http://localhost", "http://localhost/x", "/x"},
		{"http://10.0.0.7:8042", "http://10.0.0.7:8042//evil.test/x", "/.//evil.test/x"},
		// Elsewhere, or nowhere in particular.
		{"http://10.0.0.7:8042", "/x", "/x"},
		{"http://10.0.0.7:8042", "../x", "../x"},
		{"http://10.0.0.7:8042", "http://10.0.0.7/x", "http://10.0.0.7/x"},
		{"http://10.0.0.7:8042", "http://10.0.0.7:8043/x", "http://10.0.0.7:8043/x"},
		{"http://10.0.0.7:8042", "http://u@10.0.0.7:8042/x", "http://u@10.0.0.7:8042/x"},
		{"http://10.0.0.7:8042", "ftp://10.0.0.7:8042/x", "ftp://10.0.0.7:8042/x"},
		{"http://10.0.0.7:8042", "https://sso.test/?back=http://10.0.0.7:8042/x", "https://sso.test/?back=http://10.0.0.7:8042/x"},
		{"http://10.0.0.7:8042", "http://%zz", "http://%zz"},
	} {
		at, err := url.Parse(tt.at)
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{"Location": {tt.says}}
		if upstream.Redirect(h, at); h.Get("Location") != tt.want {
			t.Errorf("%s of %s: got %s, want %s", tt.says, tt.at, h.Get("Location"), tt.want)
		}
		// A browser finds it where it asked.
		base, _ := url.Parse("https://gate.test/asked/there")
		if to, err := base.Parse(h.Get("Location")); err == nil && tt.says != tt.want && to.Host != "gate.test" {
			t.Errorf("%s of %s leads to %s", tt.says, tt.at, to)
		}
	}
}

func TestRangesHaveOneReading(t *testing.T) {
	for value, goes := range map[string]bool{
		"bytes=0-9": true, "bytes=-5": true, "bytes=5-": true, "bytes=0-1, 4-5,8-": true,
		"": false, "bytes=": false, "bytes=-": false, "bytes=a-b": false, "items=0-9": false, "bytes=0-9,": false, "bytes=0--9": false,
		"bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7": true, "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8": false,
	} {
		out := http.Header{}
		upstream.Parts(http.Header{"Range": {value}, "If-Range": {`"a"`}}, out)
		if (out.Get("Range") == value && value != "") != goes || (out.Get("If-Range") != "") != goes {
			t.Errorf("%q: got %v", value, out)
		}
	}
	out := http.Header{}
	if upstream.Parts(http.Header{"Range": {"bytes=0-1", "bytes=2-3"}}, out); len(out) > 0 {
		t.Errorf("two lines: got %v", out)
	}
}
